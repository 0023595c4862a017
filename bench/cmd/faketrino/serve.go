package main

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"strconv"
	"time"

	"bench/internal/wire"
)

// A session is one client connection.
type session struct {
	conn net.Conn
	in   *wire.Reader
	out  []byte // message being written
	doc  []byte // JSON text being built

	head, body []byte
	req        request
}

// A request is a parsed message head; its slices point into session.head.
type request struct {
	method, path, query                []byte
	host, xfProto, xfHost, xfPort      []byte
	xfPrefix, user                     []byte
	length                             int
	chunked, gzip, expect, close, auth bool
	http10, xForwarded                 bool
}

func (s *session) parse() bool {
	line, rest := wire.NextLine(s.head)
	r := request{}
	i, j := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
	if i <= 0 || j <= i {
		return false
	}
	r.method, r.path = line[:i], line[i+1:j]
	r.http10 = string(line[j+1:]) == "HTTP/1.0"
	r.close = r.http10
	if at := bytes.IndexByte(r.path, '?'); at >= 0 {
		r.path, r.query = r.path[:at], r.path[at+1:]
	}
	for {
		name, value, next, ok := wire.NextHeader(rest)
		if !ok {
			break
		}
		rest = next
		switch len(name) {
		case 4:
			if wire.Is(name, "host") {
				r.host = value
			}
		case 6:
			r.expect = r.expect || wire.Is(name, "expect")
		case 10:
			if wire.Is(name, "connection") {
				r.close = wire.HasToken(value, "close") || r.http10 && !wire.HasToken(value, "keep-alive")
			}
		case 12:
			if wire.Is(name, "x-trino-user") {
				r.user = value
			}
		case 13:
			r.auth = r.auth || wire.Is(name, "authorization")
		case 14:
			if wire.Is(name, "content-length") {
				if r.length = wire.Int(value); r.length < 0 {
					return false
				}
			}
		case 15:
			if wire.Is(name, "accept-encoding") {
				r.gzip = wire.HasToken(value, "gzip")
			} else if wire.Is(name, "x-forwarded-for") {
				r.xForwarded = true
			}
		case 16:
			if wire.Is(name, "x-forwarded-host") {
				r.xfHost, r.xForwarded = first(value), true
			} else if wire.Is(name, "x-forwarded-port") {
				r.xfPort, r.xForwarded = first(value), true
			}
		case 17:
			if wire.Is(name, "x-forwarded-proto") {
				r.xfProto, r.xForwarded = first(value), true
			} else if wire.Is(name, "transfer-encoding") {
				r.chunked = wire.HasToken(value, "chunked")
			}
		case 18:
			if wire.Is(name, "x-forwarded-prefix") {
				r.xfPrefix, r.xForwarded = first(value), true
			}
		}
	}
	s.req = r
	return true
}

func first(value []byte) []byte {
	if i := bytes.IndexByte(value, ','); i >= 0 {
		value = value[:i]
	}
	return bytes.TrimSpace(value)
}

func serve(c net.Conn) {
	count.open.Add(1)
	defer count.open.Add(-1)
	defer c.Close()
	s := &session{conn: c, in: wire.NewReader(c, 4096)}
	for {
		head, err := s.in.Head()
		if err != nil {
			if err != io.EOF && *verbose {
				log.Print(err)
			}
			return
		}
		s.head = append(s.head[:0], head...)
		count.requests.Add(1)
		if !s.parse() {
			s.simple(400, "text/plain", []byte("bad request\n"))
			return
		}
		if s.req.expect {
			io.WriteString(c, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		s.body = s.body[:0]
		if s.req.chunked {
			s.body, err = s.in.AppendChunked(s.body)
		} else if s.req.length > 0 {
			s.body, err = s.in.Append(s.body, s.req.length)
		}
		if err != nil {
			return
		}
		if *verbose {
			log.Printf("%s %s %s", c.RemoteAddr(), s.req.method, s.req.path)
		}
		if !s.answer() || s.req.close {
			return
		}
	}
}

var (
	statementPath = []byte("/v1/statement/")
	queuedPart    = []byte("queued")
	executingPart = []byte("executing")
	cancelPart    = []byte("partialCancel")
	queryPath     = []byte("/v1/query/")
	controlPath   = []byte("/__fake/")
)

// answer handles one request; false closes the connection.
func (s *session) answer() bool {
	r := &s.req
	if bytes.HasPrefix(r.path, controlPath) {
		status, body := control(string(r.path), string(r.query))
		return s.simple(status, "application/json", body)
	}
	if *record > 0 {
		keepRecord(s.conn, s.head, s.body)
	}
	if r.xForwarded && *forwarded == "reject" {
		return s.simple(406, "text/plain", []byte("Server configuration does not allow processing of the X-Forwarded-For header"))
	}
	if mode.on.Load() {
		if f, on := serverFault(); on {
			return s.misbehave(f, []byte(`{"nodeVersion":{"version":"`+version+`"}}`))
		}
	}
	if bytes.HasPrefix(r.path, statementPath) {
		return s.statement()
	}
	switch string(r.path) {
	case "/v1/statement":
		switch string(r.method) {
		case "POST":
			return s.post()
		case "HEAD": // how the Go client asks whether the server is there
			return s.simple(200, "text/plain", nil)
		}
		return s.simple(405, "text/plain", nil)
	case "/v1/info":
		up := time.Since(started)
		return s.json(fmt.Appendf(nil, `{"nodeVersion":{"version":%q},"environment":"fake","coordinator":true,"starting":%t,"uptime":"%.2fs"}`,
			version, up < *starting, up.Seconds()))
	case "/v1/info/state":
		return s.json([]byte(`"ACTIVE"`))
	case "/v1/status":
		return s.json(fmt.Appendf(nil, `{"nodeId":%q,"nodeVersion":{"version":%q},"environment":"fake","coordinator":true,"uptime":"%.2fs",`+
			`"externalAddress":"127.0.0.1","internalAddress":"127.0.0.1","memoryInfo":{"availableProcessors":2,"pool":{"maxBytes":1073741824,`+
			`"reservedBytes":0,"reservedRevocableBytes":0,"queryMemoryReservations":{},"queryMemoryAllocations":{},`+
			`"queryMemoryRevocableReservations":{},"taskMemoryReservations":{},"taskMemoryRevocableReservations":{},"freeBytes":1073741824}},`+
			`"processors":2,"processCpuLoad":0.1,"systemCpuLoad":0.1,"heapUsed":100000000,"heapAvailable":1073741824,"nonHeapUsed":100000000}`,
			*name, version, time.Since(started).Seconds()))
	case "/ui/api/stats":
		return s.json(fmt.Appendf(nil, `{"runningQueries":%d,"blockedQueries":0,"queuedQueries":0,"activeCoordinators":1,"activeWorkers":1,`+
			`"runningDrivers":0,"totalAvailableProcessors":2,"reservedMemory":0.0,"totalInputRows":0,"totalInputBytes":0,"totalCpuTimeSecs":0}`, live.Load()))
	case "/v1/query", "/ui/api/query":
		return s.json(listQueries(string(r.query)))
	case "/ui/login", "/ui/login.html":
		if string(r.method) == "POST" {
			return s.send(303, "Location: /ui/\r\nSet-Cookie: Trino-UI-Token=fake; Version=1; Path=/ui; HttpOnly\r\n", nil)
		}
		return s.simple(200, "text/html", []byte("<html>login</html>"))
	case "/ui/", "/ui/query.html":
		return s.simple(200, "text/html", []byte("<html>fake Trino "+*name+"</html>"))
	case "/v1/queryState":
		return s.json(liveQueries())
	case "/v1/jmx/mbean/trino.execution:name=QueryManager":
		return s.json(fmt.Appendf(nil, `{"className":"QueryManager","attributes":[{"name":"RunningQueries","type":"long","value":%d},`+
			`{"name":"QueuedQueries","type":"long","value":0}]}`, live.Load()))
	case "/v1/jmx/mbean/trino.metadata:name=DiscoveryNodeManager":
		return s.json([]byte(`{"className":"DiscoveryNodeManager","attributes":[{"name":"ActiveNodeCount","type":"int","value":1}]}`))
	case "/metrics":
		return s.simple(200, "application/openmetrics-text; version=1.0.0; charset=utf-8", fmt.Appendf(nil,
			"# TYPE trino_execution_name_QueryManager_RunningQueries gauge\ntrino_execution_name_QueryManager_RunningQueries %d\n"+
				"# TYPE trino_execution_name_QueryManager_QueuedQueries gauge\ntrino_execution_name_QueryManager_QueuedQueries 0\n"+
				"# TYPE trino_metadata_name_DiscoveryNodeManager_ActiveNodeCount gauge\n"+
				"trino_metadata_name_DiscoveryNodeManager_ActiveNodeCount 1\n# EOF\n", live.Load()))
	}
	if bytes.HasPrefix(r.path, queryPath) {
		return s.queryInfo(r.path[len(queryPath):])
	}
	count.notFound.Add(1)
	return s.simple(404, "text/plain", []byte("not found\n"))
}

func (s *session) json(body []byte) bool { return s.simple(200, "application/json", body) }

func (s *session) simple(status int, contentType string, body []byte) bool {
	return s.send(status, "Content-Type: "+contentType+"\r\n", body)
}

func (s *session) send(status int, headers string, body []byte) bool {
	b := s.startHead(status)
	b = append(b, headers...)
	if status != 204 {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(body)), 10)
		b = append(b, "\r\n"...)
	}
	b = append(b, "\r\n"...)
	if string(s.req.method) != "HEAD" {
		b = append(b, body...)
	}
	return s.write(b)
}

func (s *session) startHead(status int) []byte {
	b := append(s.out[:0], "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, statusText(status)...)
	b = append(b, "\r\n"...)
	b = append(b, *dateLine.Load()...)
	b = append(b, "Vary: Accept-Encoding\r\nX-Content-Type-Options: nosniff\r\n"...)
	if s.req.close {
		b = append(b, "Connection: close\r\n"...)
	} else if s.req.http10 {
		b = append(b, "Connection: keep-alive\r\n"...)
	}
	return b
}

func (s *session) write(b []byte) bool {
	s.out = b
	n, err := s.conn.Write(b)
	count.bytesSent.Add(int64(n))
	return err == nil
}

func (s *session) post() bool {
	if *needUser && len(s.req.user) == 0 && !s.req.auth {
		return s.send(401, "WWW-Authenticate: Basic realm=\"Trino\"\r\nContent-Type: text/plain\r\n",
			[]byte("Basic authentication or X-Trino-Original-User or X-Trino-User must be sent"))
	}
	if len(s.body) == 0 {
		return s.simple(400, "text/plain", []byte("SQL statement is empty"))
	}
	sp := parseSpec(string(s.body))
	if sp.rows != "" {
		count.healthSQL.Add(1)
	}
	if sp.fault.kind != "" && sp.fault.at == "post" && !sp.faultSpent() {
		return s.misbehave(sp.fault, []byte(`{"id":"never`))
	}
	now := time.Now()
	q := &query{
		seed: rand.Uint64(), user: string(s.req.user), sql: string(s.body), spec: sp,
		created: now, seen: now, state: "QUEUED",
	}
	id := now.UTC().AppendFormat(make([]byte, 0, 32), "20060102_150405_")
	n := sequence.Add(1) % 100000
	for d := uint64(10000); d > 0; d /= 10 {
		id = append(id, byte('0'+n/d%10))
	}
	id = append(append(id, '_'), *name...)
	q.id = string(id)
	addQuery(q)
	count.posts.Add(1)
	return s.page(q, 0)
}

// faultSpent says whether a fault of a POST, limited by times=, was done often enough for this tag.
func (sp *spec) faultSpent() bool {
	if sp.fault.times == 0 {
		return false
	}
	done := tagCounter(sp.tag)
	return done.Add(1) > int64(sp.fault.times)
}

// statement handles /v1/statement/{queued|executing}/{id}/{slug}/{token} and .../partialCancel/{id}/{stage}/{slug}/{token}.
func (s *session) statement() bool {
	rest := s.req.path[len(statementPath):]
	var part [6][]byte
	n := 0
	for n < len(part)-1 {
		i := bytes.IndexByte(rest, '/')
		if i < 0 {
			break
		}
		part[n], rest = rest[:i], rest[i+1:]
		n++
	}
	part[n] = rest
	n++
	executing := bytes.Equal(part[0], executingPart)
	partial := n == 6 && executing && bytes.Equal(part[1], cancelPart)
	if partial {
		part[1], part[2], part[3] = part[2], part[4], part[5]
	} else if n != 4 || !executing && !bytes.Equal(part[0], queuedPart) {
		count.notFound.Add(1)
		return s.simple(404, "text/plain", []byte("not found\n"))
	}
	q := findQuery(part[1])
	token := wire.Int(part[3])
	if q == nil || token < 0 {
		count.notFound.Add(1)
		return s.simple(404, "text/plain", []byte("Query not found"))
	}
	number := token
	if executing {
		number += q.spec.queued + 1
	}
	var slug [41]byte
	if !bytes.Equal(q.appendSlug(slug[:0], number), part[2]) || !executing && number > q.spec.queued || number > q.last() {
		count.notFound.Add(1)
		return s.simple(404, "text/plain", []byte("Query not found"))
	}
	switch string(s.req.method) {
	case "GET":
		return s.poll(q, number)
	case "DELETE":
		count.deletes.Add(1)
		q.mu.Lock()
		if !partial && q.finish("FAILED") {
			count.cancelled.Add(1)
		}
		q.mu.Unlock()
		return s.send(204, "", nil)
	case "HEAD":
		return s.simple(200, "application/json", nil)
	}
	return s.simple(405, "text/plain", nil)
}

func (s *session) poll(q *query, number int) bool {
	count.polls.Add(1)
	q.mu.Lock()
	q.seen = time.Now()
	if q.state == "FAILED" {
		q.mu.Unlock()
		return s.failed(q, "USER_CANCELED", "Query was canceled")
	}
	switch number {
	case q.given + 1:
	case q.given:
		count.refetches.Add(1)
	default:
		q.mu.Unlock()
		count.gone.Add(1)
		return s.simple(410, "text/plain", nil)
	}
	f := q.spec.fault
	if f.kind != "" {
		here := f.at == "queued" && number <= q.spec.queued || f.at == "page" && number == q.spec.queued+1+f.page
		if !here || f.times > 0 && q.faultsDone >= f.times {
			f.kind = ""
		} else {
			q.faultsDone++
		}
	}
	if f.kind == "" && q.state == "QUEUED" && number > q.spec.queued {
		q.state = "RUNNING"
	}
	q.mu.Unlock()
	if q.spec.delay > 0 && s.clientGone(q.spec.delay) {
		return false
	}
	switch f.kind {
	case "":
	case "error":
		count.faults.Add(1)
		q.mu.Lock()
		q.finish("FAILED")
		q.mu.Unlock()
		return s.failed(q, "GENERIC_INTERNAL_ERROR", "fault asked for")
	default:
		head, middle, tail := s.build(q, number)
		whole := s.misbehave(f, bytes.Join([][]byte{head, middle, tail}, nil))
		if f.kind == "slow" && whole {
			q.advance(number)
		}
		return whole
	}
	q.advance(number)
	return s.page(q, number)
}

func (s *session) appendBase(b []byte) []byte {
	r := &s.req
	proto, host, port := "http", r.host, []byte(nil)
	if *certFile != "" {
		proto = "https"
	}
	if *forwarded == "process" {
		if len(r.xfProto) > 0 {
			proto = string(r.xfProto)
		}
		if len(r.xfHost) > 0 {
			host = r.xfHost
		}
		if len(r.xfPort) > 0 && !hasPort(host) {
			port = r.xfPort
		} else if len(r.xfPort) > 0 && len(r.xfHost) == 0 {
			host, port = host[:bytes.LastIndexByte(host, ':')], r.xfPort
		}
	}
	b = append(b, proto...)
	b = append(b, "://"...)
	b = append(b, host...)
	if len(port) > 0 && !(proto == "http" && string(port) == "80" || proto == "https" && string(port) == "443") {
		b = append(b, ':')
		b = append(b, port...)
	}
	if *forwarded == "process" {
		b = append(b, r.xfPrefix...)
	}
	return b
}

func hasPort(host []byte) bool {
	i := bytes.LastIndexByte(host, ':')
	return i >= 0 && bytes.IndexByte(host[i:], ']') < 0
}

func (s *session) appendNext(b []byte, q *query, number int, kind string) []byte {
	b = s.appendBase(b)
	b = append(b, "/v1/statement/"...)
	token := number
	if number > q.spec.queued {
		b = append(b, "executing/"...)
		token = number - q.spec.queued - 1
	} else {
		b = append(b, "queued/"...)
	}
	b = append(b, kind...)
	b = append(b, q.id...)
	if kind != "" {
		b = append(b, "/0"...)
	}
	b = append(b, '/')
	b = q.appendSlug(b, number)
	b = append(b, '/')
	return strconv.AppendInt(b, int64(token), 10)
}

// build returns answer number's JSON text in three parts, the middle one shared between queries.
func (s *session) build(q *query, number int) (head, middle, tail []byte) {
	b := append(s.doc[:0], `{"id":"`...)
	b = append(b, q.id...)
	b = append(b, `","infoUri":"`...)
	b = s.appendBase(b)
	b = append(b, "/ui/query.html?"...)
	b = append(b, q.id...)
	b = append(b, '"')
	state := "QUEUED"
	if number > q.spec.queued {
		state = "FINISHED"
	}
	if number < q.last() {
		if number > q.spec.queued {
			state = "RUNNING"
			b = append(b, `,"partialCancelUri":"`...)
			b = s.appendNext(b, q, number+1, "partialCancel/")
			b = append(b, '"')
		}
		b = append(b, `,"nextUri":"`...)
		b = s.appendNext(b, q, number+1, "")
		b = append(b, '"')
	}
	var f *filler
	if number > q.spec.queued {
		b = append(b, `,"columns":[`...)
		if q.spec.rows != "" {
			b = append(b, q.spec.columns...)
			b = append(b, `],"data":[`...)
			b = append(b, q.spec.rows...)
		} else {
			f = getFiller(q.spec.bytes)
			b = append(b, fillerColumns...)
			b = append(b, `],"data":[["`...)
			b = append(b, q.spec.tag...)
			b = append(b, `",`...)
			b = strconv.AppendInt(b, int64(number-q.spec.queued-1), 10)
			b = append(b, `,"`...)
			b = append(b, f.mark...)
			b = append(b, `"]`...)
			if len(f.raw) > 0 {
				b = append(b, ',')
			}
		}
	}
	split := len(b)
	if number > q.spec.queued {
		b = append(b, ']')
	}
	b = append(b, `,"stats":{"state":"`...)
	b = append(b, state...)
	if number <= q.spec.queued {
		b = append(b, `","queued":true,"scheduled":false`...)
	} else {
		b = append(b, `","queued":false,"scheduled":true`...)
	}
	b = append(b, `,"nodes":1,"totalSplits":1,"queuedSplits":0,"runningSplits":0,"completedSplits":1,"planningTimeMillis":1,`+
		`"analysisTimeMillis":1,"cpuTimeMillis":1,"wallTimeMillis":1,"queuedTimeMillis":1,"elapsedTimeMillis":1,"finishingTimeMillis":0,`+
		`"physicalInputTimeMillis":0,"processedRows":1,"processedBytes":1,"physicalInputBytes":0,"physicalWrittenBytes":0,`+
		`"internalNetworkInputBytes":0,"peakMemoryBytes":0,"spilledBytes":0},"warnings":[]}`+"\n"...)
	s.doc = b
	head, tail = b[:split:split], b[split:]
	if f != nil {
		middle = f.raw
	}
	return head, middle, tail
}

// page sends answer number of a query.
func (s *session) page(q *query, number int) bool {
	head, middle, tail := s.build(q, number)
	b := s.startHead(200)
	b = append(b, "Content-Type: application/json\r\n"...)
	if number == 0 {
		for _, line := range q.spec.headers {
			b = append(append(b, line...), "\r\n"...)
		}
	}
	if s.req.gzip {
		b = append(b, "Content-Encoding: gzip\r\n"...)
		f := getFiller(len(middle))
		head, middle, tail = f.gzipPage(head, tail)
	}
	if q.spec.chunk > 0 && !s.req.http10 {
		b = append(b, "Transfer-Encoding: chunked\r\n\r\n"...)
		b = appendChunk(b, head)
		if s.req.gzip || len(middle) == 0 {
			for len(middle) > 0 {
				k := min(q.spec.chunk, len(middle))
				b = appendChunk(b, middle[:k])
				middle = middle[k:]
			}
		} else {
			middle = getFiller(len(middle)).asChunks(q.spec.chunk)
		}
		tail = append(appendChunk(nil, tail), "0\r\n\r\n"...)
	} else {
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, int64(len(head)+len(middle)+len(tail)), 10)
		b = append(b, "\r\n\r\n"...)
		b = append(b, head...)
	}
	if len(middle) < 8<<10 {
		b = append(b, middle...)
		return s.write(append(b, tail...))
	}
	s.out = b
	parts := net.Buffers{b, middle, tail}
	n, err := parts.WriteTo(s.conn)
	count.bytesSent.Add(n)
	return err == nil
}

// failed sends the answer of a failed query.
func (s *session) failed(q *query, errorName, message string) bool {
	count.failed.Add(1)
	b := append([]byte(nil), `{"id":"`...)
	b = append(b, q.id...)
	b = append(b, `","infoUri":"`...)
	b = s.appendBase(b)
	b = append(b, "/ui/query.html?"...)
	b = append(b, q.id...)
	b = fmt.Appendf(b, `","stats":{"state":"FAILED","queued":false,"scheduled":false,"nodes":0,"totalSplits":0,"queuedSplits":0,`+
		`"runningSplits":0,"completedSplits":0,"cpuTimeMillis":0,"wallTimeMillis":0,"queuedTimeMillis":0,"elapsedTimeMillis":0,`+
		`"processedRows":0,"processedBytes":0,"physicalInputBytes":0,"peakMemoryBytes":0,"spilledBytes":0},"error":{"message":%q,`+
		`"errorCode":65536,"errorName":%q,"errorType":"INTERNAL_ERROR","failureInfo":{"type":"fake","message":%q,"suppressed":[],"stack":[]}},"warnings":[]}`,
		message, errorName, message)
	return s.json(b)
}
