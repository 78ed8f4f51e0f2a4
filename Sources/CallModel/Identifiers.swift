// SPDX-License-Identifier: AGPL-3.0-or-later

/// A call: everything from the first INVITE until the last leg is gone. Unique over restarts.
///
/// 64 bits: the second the switch started (32), the shard (8), a counter (24). A shard would need
/// 16.7 million calls in one run of the process before a number came again, and it came with the
/// same start second only then.
public struct CallID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let rawValue: UInt64
    public init(rawValue: UInt64) { self.rawValue = rawValue }

    public init(startSecond: UInt32, shard: Int, counter: UInt32) {
        rawValue =
            UInt64(startSecond) << 32 | UInt64(UInt8(truncatingIfNeeded: shard)) << 24
            | UInt64(counter & 0xFF_FFFF)
    }

    /// Hexadecimal text as admins see and type it.
    public init?(_ text: some StringProtocol) {
        guard let value = UInt64(text, radix: 16) else { return nil }
        rawValue = value
    }

    public var shard: Int { Int((rawValue >> 24) & 0xFF) }
    public var description: String { String(rawValue, radix: 16) }
    public static func < (a: CallID, b: CallID) -> Bool { a.rawValue < b.rawValue }
}

/// One party's connection within a call. It keeps its identity for life; transfers change rooms.
public struct LegID: Hashable, Sendable, Comparable, CustomStringConvertible {
    public let call: CallID
    /// 1 is the leg that began the call; further legs count up in the order they were made.
    public let index: UInt16

    public init(call: CallID, index: UInt16) {
        self.call = call
        self.index = index
    }

    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".")
        guard parts.count == 2, let call = CallID(parts[0]), let index = UInt16(parts[1]) else {
            return nil
        }
        self.init(call: call, index: index)
    }

    public var description: String { "\(call).\(index)" }
    public static func < (a: LegID, b: LegID) -> Bool { (a.call, a.index) < (b.call, b.index) }
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

    public init(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        switch (parts.first, parts.count) {
        case ("seat", 2): self = .seat(String(parts[1]))
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
