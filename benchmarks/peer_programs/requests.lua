-- For wrk: asks for one path with a token; with a size, for ranges of it at random places.
-- Arguments: token, bytes of a range or 0, bytes of the file.
local token, range, size

function init(arguments)
  token, range, size = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
  wrk.headers["Authorization"] = "Bearer " .. token
  math.randomseed(1)
end

function request()
  if range > 0 then
    local first = math.random(0, size - range)
    wrk.headers["Range"] = string.format("bytes=%d-%d", first, first + range - 1)
  end
  return wrk.format()
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "microseconds": %d, "median": %d, "p99": %d, "bytes": %d, "errors": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    summary.bytes, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
