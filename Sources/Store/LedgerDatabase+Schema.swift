// SPDX-License-Identifier: AGPL-3.0-or-later
internal import GRDB

extension LedgerDatabase {
    /// The tables by version. A migration that has been released is never changed; a later one changes its tables.
    ///
    /// Times are microseconds since 1970 UTC. Call ids are 64-bit numbers as SQLite has them (signed).
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
        return migrator
    }
}
