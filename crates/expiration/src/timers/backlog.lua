-- Counts.
-- KEYS: timers, claims, dropped      ARGV: ahead
-- Gives { timers set, of these ready to be claimed, of these claimed, orders remembered as over, ms the first is late }.
local timers, claims, dropped = KEYS[1], KEYS[2], KEYS[3]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[1])

local first = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')
local late = 0
if first[2] then
    late = math.max(0, now - tonumber(first[2]))
end
return {
    redis.call('ZCARD', timers),
    redis.call('ZCOUNT', timers, '-inf', string.format('%.0f', now)),
    redis.call('HLEN', claims),
    redis.call('ZCARD', dropped),
    late,
}
