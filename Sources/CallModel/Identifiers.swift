// SPDX-License-Identifier: AGPL-3.0-or-later

/// A call: which legs had to do with each other. Unique over restarts of a data folder.
public struct CallID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Hexadecimal text as admins see and type it.
    public init?(_ text: some StringProtocol) {
        guard let value = UInt64(hexadecimal: text) else { return nil }
        rawValue = value
    }

    public var description: String { String(rawValue, radix: 16) }
    public static func < (a: CallID, b: CallID) -> Bool { a.rawValue < b.rawValue }
}

/// One party's connection. It keeps its identity for life; transfers change rooms and calls.
public struct LegID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let rawValue: UInt64
    @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

    /// Hexadecimal text as admins see and type it.
    public init?(_ text: some StringProtocol) {
        guard let value = UInt64(hexadecimal: text) else { return nil }
        rawValue = value
    }

    public var description: String { String(rawValue, radix: 16) }
    public static func < (a: LegID, b: LegID) -> Bool { a.rawValue < b.rawValue }
}

extension UInt64 {
    /// The standard library's reading takes a sign as well.
    fileprivate init?(hexadecimal text: some StringProtocol) {
        guard text.first != "+", text.first != "-", let value = UInt64(text, radix: 16) else { return nil }
        self = value
    }
}

/// Gives calls and legs their numbers: the run of the process in the upper 24 bits, a counter in the lower 40.
///
/// The run is counted in the store and never made from the clock, which can be set back. Calls and legs draw from one
/// counter, so a leg's number typed where a call's belongs finds nothing rather than another call. One source a run:
/// two copies of it would give the same numbers.
public struct IdentifierSource: Sendable {
    /// Runs from 1 to 2²⁴ − 1.
    public static let lastRun: UInt32 = 0xFF_FFFF
    private var next: UInt64
    private let end: UInt64

    /// - Parameter run: `Store.run`, 1…`lastRun`.
    public init(run: UInt32) {
        precondition(run <= Self.lastRun, "a run has 24 bits")
        next = UInt64(run) << 40 | 1
        end = UInt64(run) << 40 | (1 << 40 - 1)
    }

    public mutating func nextCall() -> CallID { CallID(rawValue: draw()) }
    public mutating func nextLeg() -> LegID { LegID(rawValue: draw()) }

    private mutating func draw() -> UInt64 {
        // 2⁴⁰ numbers: thirty years of a thousand a second without a restart.
        precondition(next <= end, "a run has 2^40 numbers")
        defer { next += 1 }
        return next
    }
}

/// Who or what a leg connects to.
public enum Party: Hashable, Sendable, CustomStringConvertible {
    case seat(String)
    /// A trunk by name; `number` is the outside number.
    case trunk(String, number: String)
    /// A caller who is neither (tests, guests).
    case other(String)

    public var description: String {
        switch self {
        case .seat(let number): "seat/\(number)"
        case .trunk(let name, let number): "trunk/\(name)/\(number)"
        case .other(let text): "other/\(text)"
        }
    }

    /// Reads what `description` wrote, whatever characters a number has; other text is a party of no kind.
    public init(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("seat", 2...): self = .seat(parts.dropFirst().joined(separator: "/"))
        case ("trunk", 3): self = .trunk(String(parts[1]), number: String(parts[2]))
        case ("other", 2...): self = .other(parts.dropFirst().joined(separator: "/"))
        default: self = .other(text)
        }
    }

    /// The number or name a display shows.
    public var number: String {
        switch self {
        case .seat(let number), .trunk(_, let number), .other(let number): number
        }
    }
}

/// Calling party as shown to the called.
public struct CallerIdentity: Hashable, Sendable {
    public var number: String
    public var name: String
    public init(number: String, name: String = "") {
        self.number = number
        self.name = name
    }
}
