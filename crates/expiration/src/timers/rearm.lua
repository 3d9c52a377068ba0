-- Makes the timer of an order due at once, whatever was known of it; one that is due or being told already stays.
-- KEYS: timers, due, claims      ARGV: order, ahead
-- Gives 1 if it was set.
local timers, due, claims = KEYS[1], KEYS[2], KEYS[3]
local order = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[2])

local at = redis.call('ZSCORE', timers, order)
if at and (tonumber(at) <= now or redis.call('HEXISTS', claims, order) == 1) then
    return 0
end
local text = string.format('%.0f', now)
redis.call('ZADD', timers, text, order)
redis.call('HSET', due, order, text)
return 1
