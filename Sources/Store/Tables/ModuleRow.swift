// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Foundation
internal import GRDB

/// A change of a module's table.
struct ModuleRow: Hashable, Sendable {
    static let maximumKeyBytes = 255
    static let maximumValueBytes = 65_536
    static let maximumKeys = 100_000

    var namespace: String
    var key: String
    /// nil removes the row.
    var value: String?

    var isWithinBounds: Bool {
        key.utf8.count <= ModuleRow.maximumKeyBytes && namespace.utf8.count <= ModuleRow.maximumKeyBytes
            && (value?.utf8.count ?? 0) <= ModuleRow.maximumValueBytes
    }

    /// Texts go in and out as bytes: one bound as text would end at its first NUL.
    func write(to db: Database) throws {
        guard let value else {
            try db.cachedStatement(
                sql: "DELETE FROM module_rows WHERE namespace = CAST(? AS TEXT) AND key = CAST(? AS TEXT)"
            )
            .execute(arguments: [Data(namespace.utf8), Data(key.utf8)])
            return
        }
        try db.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO module_rows (namespace, key, value)
                VALUES (CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT))
                """
        )
        .execute(arguments: [Data(namespace.utf8), Data(key.utf8), Data(value.utf8)])
    }

    static func all(_ db: Database) throws -> [String: [String: String]] {
        var all: [String: [String: String]] = [:]
        let rows = try Row.fetchCursor(
            db, sql: "SELECT CAST(namespace AS BLOB), CAST(key AS BLOB), CAST(value AS BLOB) FROM module_rows")
        while let row = try rows.next() { all[text(row[0]), default: [:]][text(row[1])] = text(row[2]) }
        return all
    }

    private static func text(_ bytes: Data) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}

/// How far a module's fold has come: events up to this number are in its rows.
struct FoldPosition: Hashable, Sendable {
    var name: String
    var version: Int
    var sequence: UInt64

    func write(to db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR REPLACE INTO folds (name, version, sequence) VALUES (?, ?, ?)")
            .execute(arguments: [name, Int64(version), Int64(bitPattern: sequence)])
    }

    static func all(_ db: Database) throws -> [FoldPosition] {
        try Row.fetchAll(db, sql: "SELECT name, version, sequence FROM folds").map { row in
            FoldPosition(
                name: row[0], version: Int(row[1] as Int64), sequence: UInt64(bitPattern: row[2] as Int64))
        }
    }
}
