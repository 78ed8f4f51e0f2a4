// SPDX-License-Identifier: AGPL-3.0-or-later

/// Something that has no type of its own: a dialplan's or a module's remark. `name` is `module.event`.
public struct Note: LedgerFact, Hashable {
    public static let name = "note:"
    public static func reads(_ name: String) -> Bool { name.hasPrefix(Note.name) }
    public var name: String
    public var fields: [LedgerField]

    public var storedName: String { Note.name + name }

    public init(name: String, fields: [LedgerField]) {
        self.name = name
        self.fields = fields
    }

    public init?(fields: LedgerFields) {
        guard Note.reads(fields.name) else { return nil }
        self.init(name: String(fields.name.dropFirst(Note.name.count)), fields: fields.all)
    }
}
