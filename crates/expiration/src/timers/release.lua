-- Gives claims back before their lease ends, where the token is still the one they were claimed with: due as before.
-- KEYS: timers, due, claims      ARGV: order, token, order, token, …
-- Gives how many were given back.
local timers, due, claims = KEYS[1], KEYS[2], KEYS[3]

local released = 0
for i = 1, #ARGV, 2 do
    local order = ARGV[i]
    if redis.call('HGET', claims, order) == ARGV[i + 1] then
        redis.call('HDEL', claims, order)
        redis.call('ZADD', timers, 'XX', redis.call('HGET', due, order) or 0, order)
        released = released + 1
    end
end
return released
