// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Glibc
internal import Synchronization

/// Where tags, branches, Call-IDs, nonces and SSRCs come from. A machine owns one and draws from
/// it; tests give a seeded one so that a run can be repeated.
public struct Entropy: RandomNumberGenerator, Sendable {
    private enum Source: Sendable {
        case system
        case seeded(UInt64)
    }

    private var source: Source

    /// The system's cryptographic generator.
    public static var system: Entropy { Entropy(source: .system) }

    /// A repeatable sequence (SplitMix64). For tests only: it is predictable.
    public static func seeded(_ seed: UInt64) -> Entropy { Entropy(source: .seeded(seed)) }

    /// Whether the sequence is repeatable.
    public var isSeeded: Bool {
        if case .seeded = source { true } else { false }
    }

    private init(source: Source) { self.source = source }

    public mutating func next() -> UInt64 {
        switch source {
        case .system: return SystemPool.next()
        case .seeded(var state):
            state &+= 0x9E37_79B9_7F4A_7C15
            source = .seeded(state)
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    /// A token of `bytes` × 8 random bits in lower-case hexadecimal, fit for tags, branches and nonces.
    public mutating func token(bytes: Int = 8) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes * 2)
        let digits: StaticString = "0123456789abcdef"
        var left = bytes
        while left > 0 {
            var word = next()
            for _ in 0..<min(8, left) {
                text.append(digits.utf8Start[Int(word & 15)])
                text.append(digits.utf8Start[Int((word >> 4) & 15)])
                word >>= 8
            }
            left -= 8
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// The kernel's random bytes, fetched 256 at a time: a call draws a dozen words, and each would be a
/// system call of its own. One pool for the process, so that no two copies of an `Entropy` share words.
private enum SystemPool {
    private struct Words: Sendable {
        var words: [UInt64] = []
    }

    /// 256 bytes are the most one call gives.
    private static let size = 32
    private static let pool = Mutex(Words())

    static func next() -> UInt64 {
        pool.withLock { pool in
            if pool.words.isEmpty { pool.words = fetch() }
            // A kernel that gives none leaves the standard library's generator, which traps rather than repeat.
            return pool.words.popLast() ?? SystemRandomNumberGenerator.word()
        }
    }

    private static func fetch() -> [UInt64] {
        [UInt64](unsafeUninitializedCapacity: size) { buffer, count in
            guard let base = buffer.baseAddress else { return }
            count = getentropy(base, size * 8) == 0 ? size : 0
        }
    }
}

extension SystemRandomNumberGenerator {
    fileprivate static func word() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
