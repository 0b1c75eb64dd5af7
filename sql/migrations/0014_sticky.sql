-- Who last spoke with a customer is offered the customer's next call first.
-- depends: 0013_callers

-- migrate: apply

ALTER TABLE queues
    -- For how many seconds it is remembered who spoke with a customer; 0 is not at all.
    ADD COLUMN sticky double precision NOT NULL DEFAULT 0
        CHECK (sticky BETWEEN 0 AND 315360000),
    -- How many seconds the customer waits for that agent if another one is free.
    ADD COLUMN sticky_wait double precision NOT NULL DEFAULT 0
        CHECK (sticky_wait BETWEEN 0 AND 315360000);

-- migrate: rollback

ALTER TABLE queues DROP COLUMN sticky, DROP COLUMN sticky_wait;
