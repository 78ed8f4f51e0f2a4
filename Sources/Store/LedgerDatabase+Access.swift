// SPDX-License-Identifier: AGPL-3.0-or-later
internal import GRDB

extension LedgerDatabase {
    /// How durable a commit is: `synchronous` (2 is FULL) and `journal_mode` of the writing connection.
    func durability() throws -> (synchronous: Int, journal: String) {
        try pool.writeWithoutTransaction { db in
            (
                try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1,
                try String.fetchOne(db, sql: "PRAGMA journal_mode") ?? ""
            )
        }
    }

    /// Keeps every other writer out, of this process and others, while `body` runs: for a copy of the files.
    func withoutWriters<T>(_ body: () throws -> T) throws -> T {
        try pool.writeWithoutTransaction { db in
            try db.execute(sql: "BEGIN IMMEDIATE")
            defer { try? db.execute(sql: "ROLLBACK") }
            return try body()
        }
    }
}
