local catalog = request.headers["X-Trino-Catalog"]
if request.user:starts_with("svc_") and request.source ~= "" then return "services" end
for _, tag in ipairs(request.tags) do
  if tag == "etl" and groups.etl.healthy > 0 then return {"etl", "adhoc"} end
end
for id, group in pairs(groups) do if group.load < 1 then return id end end
for i = 1, 10 do table.insert(request.tags, string.format("%s-%d", catalog, i)) end
