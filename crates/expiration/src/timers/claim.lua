-- Leases what is due to one worker: until the lease ends nobody else gets it, and the token tells whose it is.
-- KEYS: timers, due, claims, dropped, token      ARGV: batch, lease (ms), ahead
-- Gives { ms until the next one (-1: there is none), { order, due, token, late (ms), order, … } }.
local timers, due, claims, dropped, token = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local batch, lease = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
local text = string.format('%.0f', now)
local lease_end = string.format('%.0f', now + lease)

local forgotten = redis.call('ZRANGEBYSCORE', dropped, '-inf', text, 'LIMIT', 0, batch)
if #forgotten > 0 then
    redis.call('ZREM', dropped, unpack(forgotten))
end

local claimed = {}
local ready = redis.call('ZRANGEBYSCORE', timers, '-inf', text, 'WITHSCORES', 'LIMIT', 0, batch)
for i = 1, #ready, 2 do
    local order = ready[i]
    local at = redis.call('HGET', due, order) or ready[i + 1]
    local mine = redis.call('INCR', token)
    redis.call('ZADD', timers, lease_end, order)
    redis.call('HSET', claims, order, mine)
    local n = #claimed
    claimed[n + 1], claimed[n + 2], claimed[n + 3], claimed[n + 4] = order, at, mine, now - tonumber(at)
end

local first = redis.call('ZRANGE', timers, 0, 0, 'WITHSCORES')
local wait = -1
if first[2] then
    wait = math.max(0, tonumber(first[2]) - now)
end
return { wait, claimed }
