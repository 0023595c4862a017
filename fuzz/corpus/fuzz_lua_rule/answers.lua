local a, b = matches(query.text, "(?i)select\\s+(.*)\\s+from\\s+(\\w+)")
if percent_of(request.user) < 50 then return {reject = "no " .. tostring(a)} end
table.sort(query.tables, function(x, y) return x > y end)
return {groups = {"a"}, source = b, headers = {set = {["X-A"] = string.rep and "1" or "2"}, remove = {"X-B"}}}
