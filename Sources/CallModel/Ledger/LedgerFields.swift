// SPDX-License-Identifier: AGPL-3.0-or-later

/// One field of a stored fact. Names may repeat; their order is kept.
public struct LedgerField: Hashable, Sendable {
    public var name: String
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }

    public init(_ name: String, _ value: some BinaryInteger) { self.init(name, String(value)) }
    public init(_ name: String, _ value: CallID) { self.init(name, value.description) }
    public init(_ name: String, _ value: LegID) { self.init(name, value.description) }
    public init(_ name: String, _ value: Party) { self.init(name, value.description) }
    public init(_ name: String, _ value: HangupCause) { self.init(name, String(value.rawValue)) }
    /// As whole microseconds.
    public init(_ name: String, _ value: Duration) {
        let (seconds, attoseconds) = value.components
        self.init(name, String(seconds &* 1_000_000 &+ attoseconds / 1_000_000_000_000))
    }

    /// An enumeration or open set of words, by its word.
    public init<Word: RawRepresentable>(_ name: String, word: Word) where Word.RawValue == String {
        self.init(name, word.rawValue)
    }
}

extension [LedgerField] {
    /// With a field that is stored only when it has a value.
    public func with(_ name: String, _ value: String?) -> [LedgerField] {
        guard let value else { return self }
        return self + [LedgerField(name, value)]
    }
}

/// Reads a stored fact's fields by name. Each reading is nil when the field is missing or is not what it should be;
/// of a name that repeats the first counts.
public struct LedgerFields: Sendable {
    /// The name the fact was stored by.
    public let name: String
    public let all: [LedgerField]

    public init(name: String, _ all: [LedgerField]) {
        self.name = name
        self.all = all
    }

    public func text(_ field: String) -> String? { all.first { $0.name == field }?.value }
    public func number<Number: FixedWidthInteger>(_ field: String, as type: Number.Type = Number.self) -> Number? {
        text(field).flatMap { Number($0) }
    }
    public func call(_ field: String) -> CallID? { text(field).flatMap { CallID($0) } }
    public func leg(_ field: String) -> LegID? { text(field).flatMap { LegID($0) } }
    public func party(_ field: String) -> Party? { text(field).map { Party($0) } }
    public func cause(_ field: String = "cause") -> HangupCause? { number(field).map { HangupCause(rawValue: $0) } }
    /// From whole microseconds.
    public func duration(_ field: String) -> Duration? {
        number(field, as: Int64.self).map { .microseconds($0) }
    }
    public func word<Word: RawRepresentable>(_ field: String, as type: Word.Type = Word.self) -> Word?
    where Word.RawValue == String {
        text(field).flatMap { Word(rawValue: $0) }
    }
}
