// A real OpenID Connect provider on loopback, for tests: `node provider.mjs SETTINGS`, a JSON object
//   {"port": 0, "tls": {"key": PATH, "cert": PATH} or null, "redirect_uri": ..., "auth_method": ...}
// Any user may log in with any password, through the forms of the library. His groups follow from
// his name. Access tokens for the resource urn:gateway-api are JWTs.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Provider } from 'oidc-provider';

const settings = JSON.parse(process.argv[2]);
const groups = { ann: ['staff', 'gateway-admins'], bob: ['gateway-operators'] };

function key(kid, type, options, alg) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

const client = {
  redirect_uris: [settings.redirect_uri],
  grant_types: ['authorization_code', 'client_credentials'],
  token_endpoint_auth_method: settings.auth_method,
  client_id: 'gateway',
  ...(settings.auth_method === 'none' ? { grant_types: ['authorization_code'] } : { client_secret: 'se:cret %&' }),
  id_token_signed_response_alg: settings.id_token_alg,
};

const scheme = settings.tls ? 'https' : 'http';
const provider = new Provider(`${scheme}://127.0.0.1:${settings.port}`, {
  clients: [client],
  jwks: {
    keys: [
      key('rsa', 'rsa', { modulusLength: 2048 }),
      key('ec', 'ec', { namedCurve: 'P-256' }, 'ES256'),
    ],
  },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
  conformIdTokenClaims: settings.claims_in_userinfo,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: `id-of-${id}`, preferred_username: id, groups: groups[id] ?? [] }),
  }),
  extraTokenClaims: () => ({ groups: ['gateway-operators'] }),
  pkce: { required: () => true },
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({
        scope: 'use',
        audience: 'gateway-api',
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: settings.access_token_alg } },
      }),
    },
  },
  cookies: { keys: ['for tests only'] },
  ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, ClientCredentials: 600 },
});

const server = settings.tls
  ? https.createServer({ key: readFileSync(settings.tls.key), cert: readFileSync(settings.tls.cert) }, provider.callback())
  : http.createServer(provider.callback());
server.listen(settings.port, '127.0.0.1');
