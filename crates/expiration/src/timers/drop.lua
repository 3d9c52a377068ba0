-- Takes the timer of an order away, claimed or not, and remembers for a while that the order is over.
-- KEYS: timers, due, claims, dropped      ARGV: order, how long to remember (ms), ahead
-- Gives 1 if there was a timer.
local timers, due, claims, dropped = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local order = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])

redis.call('ZADD', dropped, string.format('%.0f', now + tonumber(ARGV[2])), order)
redis.call('HDEL', claims, order)
redis.call('HDEL', due, order)
return redis.call('ZREM', timers, order)
