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

    /// Carries out SQL on a file as it is, without bringing its tables up to date: for putting back a dump. Gives the
    /// first column of the last statement's rows.
    static func execute(_ sql: String, at path: String) throws -> [String] {
        let queue = try DatabaseQueue(path: path)
        return try queue.writeWithoutTransaction { db in
            var last: [String] = []
            let statements = try db.allStatements(sql: sql)
            while let statement = try statements.next() {
                last = try Row.fetchAll(statement).map { row in
                    switch (row[0] as DatabaseValue).storage {
                    case .int64(let number): String(number)
                    case .string(let text): text
                    default: ""
                    }
                }
            }
            return last
        }
    }
}
