// SPDX-License-Identifier: AGPL-3.0-or-later

/// Something that can happen: a type with a stable name, which writes and reads its own fields.
///
/// The set is open. Core facts are in this target, a module's are in the module. The stored form is written by hand, so
/// that a ledger of years stays readable whatever becomes of the Swift types. A name that has been stored is never
/// given to another fact, and a field never to another meaning; a new field is one that old rows may lack.
public protocol LedgerFact: Sendable {
    /// As stored: `thing.happened`, e.g. `call.started`, `queue.joined`.
    static var name: String { get }
    /// Whether `init(fields:)` understands what is stored under `name`. True of the fact's own name; facts that carry
    /// their name (`Note`, `RecordedFact`) say otherwise.
    static func reads(_ name: String) -> Bool
    /// The name this value is stored by: the type's, unless it carries its own.
    var storedName: String { get }
    /// What is stored, in order. Made on the ledger's thread, never where the event is appended.
    var fields: [LedgerField] { get }
    /// Reads the stored form; nil when a field is missing or malformed.
    init?(fields: LedgerFields)
}

extension LedgerFact {
    public static func reads(_ name: String) -> Bool { name == Self.name }
    public var storedName: String { Self.name }
    public var fields: [LedgerField] { [] }
}

/// A fact as it was stored, of whatever kind: what a reader of the ledger gets. `LedgerEvent.read` makes it typed.
public struct RecordedFact: LedgerFact, Hashable {
    public static var name: String { "" }
    public static func reads(_ name: String) -> Bool { true }
    public var name: String
    public var fields: [LedgerField]

    public var storedName: String { name }

    public init(name: String, fields: [LedgerField]) {
        self.name = name
        self.fields = fields
    }

    public init(fields: LedgerFields) { self.init(name: fields.name, fields: fields.all) }
}
