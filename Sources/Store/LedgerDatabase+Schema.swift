// SPDX-License-Identifier: AGPL-3.0-or-later
internal import GRDB

extension LedgerDatabase {
    /// The tables by version. A migration that has been released is never changed; a later one changes its tables.
    ///
    /// Times are microseconds since 1970 UTC, durations and `elapsed` microseconds of the monotonic clock. Ids are 64-bit
    /// numbers as SQLite has them (signed).
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 ledger") { db in
            try db.execute(
                sql: """
                    CREATE TABLE events (
                        sequence INTEGER PRIMARY KEY,
                        time INTEGER NOT NULL,
                        call INTEGER,
                        leg INTEGER,
                        kind TEXT NOT NULL,
                        fields TEXT NOT NULL
                    );
                    CREATE INDEX events_call ON events (call, sequence) WHERE call IS NOT NULL;
                    -- Calls begun and not ended in the ledger: what a restart has to close.
                    CREATE TABLE open_calls (call INTEGER PRIMARY KEY);
                    """)
        }
        migrator.registerMigration("2 call records") { db in
            try db.execute(
                sql: """
                    CREATE TABLE call_records (
                        call INTEGER PRIMARY KEY,
                        first_sequence INTEGER NOT NULL,
                        last_sequence INTEGER NOT NULL,
                        started INTEGER NOT NULL,
                        answered INTEGER,
                        connected INTEGER,
                        ended INTEGER NOT NULL,
                        from_party TEXT NOT NULL,
                        caller_number TEXT NOT NULL,
                        caller_name TEXT NOT NULL,
                        dialled TEXT NOT NULL,
                        context TEXT NOT NULL,
                        to_party TEXT,
                        disposition TEXT NOT NULL,
                        cause INTEGER NOT NULL,
                        ended_by TEXT NOT NULL,
                        talk INTEGER NOT NULL,
                        recording TEXT
                    );
                    CREATE INDEX call_records_started ON call_records (started);
                    CREATE TABLE leg_records (
                        call INTEGER NOT NULL,
                        leg INTEGER NOT NULL,
                        party TEXT NOT NULL,
                        incoming INTEGER NOT NULL,
                        sip_call_id TEXT NOT NULL,
                        address TEXT NOT NULL,
                        started INTEGER NOT NULL,
                        ringing INTEGER,
                        answered INTEGER,
                        ended INTEGER NOT NULL,
                        cause INTEGER NOT NULL,
                        ended_by TEXT NOT NULL,
                        sip_status INTEGER,
                        codec TEXT,
                        talk INTEGER NOT NULL,
                        received INTEGER NOT NULL,
                        sent INTEGER NOT NULL,
                        lost INTEGER NOT NULL,
                        refused INTEGER NOT NULL,
                        jitter INTEGER NOT NULL,
                        PRIMARY KEY (call, leg)
                    ) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("3 bindings") { db in
            try db.execute(
                sql: """
                    CREATE TABLE bindings (
                        address_of_record TEXT NOT NULL,
                        contact TEXT NOT NULL,
                        transport TEXT NOT NULL,
                        address TEXT NOT NULL,
                        port INTEGER NOT NULL,
                        listener INTEGER NOT NULL,
                        call_id TEXT NOT NULL,
                        cseq INTEGER NOT NULL,
                        user_agent TEXT,
                        q_thousandths INTEGER NOT NULL,
                        instance TEXT,
                        expires INTEGER NOT NULL,
                        PRIMARY KEY (address_of_record, contact)
                    ) WITHOUT ROWID;
                    """)
        }
        registerRecords(in: &migrator)
        return migrator
    }

    /// Legs, talks and links beside the calls; what the earlier versions recorded stays where it is.
    private static func registerRecords(in migrator: inout DatabaseMigrator) {
        migrator.registerMigration("4 runs, legs, talks, links") { db in
            try db.execute(
                sql: """
                    -- NULL in the events of earlier versions.
                    ALTER TABLE events ADD COLUMN elapsed INTEGER;
                    CREATE TABLE run (id INTEGER PRIMARY KEY CHECK (id = 1), run INTEGER NOT NULL);
                    INSERT INTO run (id, run) VALUES (1, 0);
                    CREATE TABLE heartbeat (
                        id INTEGER PRIMARY KEY CHECK (id = 1),
                        run INTEGER NOT NULL,
                        time INTEGER NOT NULL,
                        elapsed INTEGER NOT NULL
                    );
                    CREATE TABLE calls (
                        call INTEGER PRIMARY KEY,
                        first_sequence INTEGER NOT NULL,
                        last_sequence INTEGER NOT NULL,
                        started INTEGER NOT NULL,
                        answered INTEGER,
                        connected INTEGER,
                        ended INTEGER NOT NULL,
                        duration INTEGER NOT NULL,
                        answered_duration INTEGER NOT NULL,
                        from_party TEXT NOT NULL,
                        caller_number TEXT NOT NULL,
                        caller_name TEXT NOT NULL,
                        dialled TEXT NOT NULL,
                        context TEXT NOT NULL,
                        to_party TEXT,
                        disposition TEXT NOT NULL,
                        cause INTEGER NOT NULL,
                        ended_by TEXT NOT NULL,
                        recording TEXT,
                        origin INTEGER,
                        into_call INTEGER
                    );
                    CREATE INDEX calls_started ON calls (started);
                    CREATE TABLE legs (
                        leg INTEGER PRIMARY KEY,
                        -- The call it began in.
                        call INTEGER NOT NULL,
                        party TEXT NOT NULL,
                        incoming INTEGER NOT NULL,
                        sip_call_id TEXT NOT NULL,
                        address TEXT NOT NULL,
                        started INTEGER NOT NULL,
                        ringing INTEGER,
                        answered INTEGER,
                        ended INTEGER NOT NULL,
                        duration INTEGER NOT NULL,
                        answered_duration INTEGER NOT NULL,
                        held INTEGER NOT NULL,
                        cause INTEGER NOT NULL,
                        ended_by TEXT NOT NULL,
                        sip_status INTEGER,
                        codec TEXT,
                        talk INTEGER NOT NULL,
                        received INTEGER NOT NULL,
                        sent INTEGER NOT NULL,
                        lost INTEGER NOT NULL,
                        refused INTEGER NOT NULL,
                        jitter INTEGER NOT NULL
                    );
                    CREATE INDEX legs_call ON legs (call);
                    -- Who heard whom, from when, for how long. What every figure of talking sums.
                    CREATE TABLE talks (
                        talk INTEGER PRIMARY KEY,
                        call INTEGER NOT NULL,
                        leg INTEGER NOT NULL,
                        peer INTEGER NOT NULL,
                        started INTEGER NOT NULL,
                        duration INTEGER NOT NULL
                    );
                    CREATE INDEX talks_call ON talks (call);
                    CREATE TABLE links (
                        call INTEGER PRIMARY KEY,
                        into_call INTEGER NOT NULL,
                        reason TEXT NOT NULL,
                        time INTEGER NOT NULL
                    );
                    CREATE INDEX links_into ON links (into_call);
                    -- Modules' own rows, and how far their folds have come.
                    CREATE TABLE module_rows (
                        namespace TEXT NOT NULL,
                        key TEXT NOT NULL,
                        value TEXT NOT NULL,
                        PRIMARY KEY (namespace, key)
                    ) WITHOUT ROWID;
                    CREATE TABLE folds (
                        name TEXT PRIMARY KEY,
                        version INTEGER NOT NULL,
                        sequence INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    """)
            try db.execute(sql: "CREATE VIEW cdr AS \(currentRecords) UNION ALL \(earlierRecords)")
            try EarlierCall.closeAll(db)
        }
    }

    /// One line a call, for the first caller, with the sum of what was said in it.
    private static let currentRecords = """
        SELECT call, first_sequence, last_sequence, started, answered, connected, ended, duration, answered_duration,
            from_party, caller_number, caller_name, dialled, context, to_party, disposition, cause, ended_by,
            (SELECT coalesce(sum(talks.duration), 0) FROM talks WHERE talks.call = calls.call) AS talk, recording,
            origin, into_call
        FROM calls
        """

    /// Records of earlier versions, whose durations were the wall clock's.
    static let earlierRecords = """
        SELECT call, first_sequence, last_sequence, started, answered, connected, ended,
            max(0, ended - started) AS duration, max(0, ended - coalesce(answered, ended)) AS answered_duration,
            from_party, caller_number, caller_name, dialled, context, to_party, disposition, cause, ended_by, talk,
            recording, NULL AS origin, NULL AS into_call
        FROM call_records
        """

    /// Legs of earlier versions, numbered within their call.
    static let earlierLegs = """
        SELECT leg, call, party, incoming, sip_call_id, address, started, ringing, answered, ended,
            max(0, ended - started) AS duration, max(0, ended - coalesce(answered, ended)) AS answered_duration,
            0 AS held, cause, ended_by, sip_status, codec, talk, received, sent, lost, refused, jitter
        FROM leg_records
        """
}
