-- Demonstration data: two customers, three extensions, one queue. Loading it twice changes nothing.

INSERT INTO customers (code, name, attributes) VALUES
    ('1111', 'Company 1', '{"contract": "gold"}'),
    ('2222', 'Company 2', '{"contract": "silver"}')
ON CONFLICT DO NOTHING;

INSERT INTO extensions (extension, device, jid) VALUES
    ('1000', 'PJSIP/1000', 'user1@example.com'),
    ('2000', 'PJSIP/2000', 'user2@example.com'),
    ('3000', 'PJSIP/3000', 'user3@example.com')
ON CONFLICT DO NOTHING;

INSERT INTO queues (name, announce_frequency, announce_holdtime, context)
VALUES ('support', 30, 'once', 'ivr-queue-keys')
ON CONFLICT DO NOTHING;

INSERT INTO members (queue, extension) VALUES
    ('support', '1000'), ('support', '2000'), ('support', '3000')
ON CONFLICT DO NOTHING;
