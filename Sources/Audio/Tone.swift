// SPDX-License-Identifier: AGPL-3.0-or-later

/// A signal made of at most four steps, each one or two sine waves or silence, that repeats or ends.
///
/// A plain value of fixed size, so that it can be handed to a thread that must not allocate.
public struct Tone: Hashable, Sendable, BitwiseCopyable {
    /// One step. Frequencies are in hertz below 4000, 0 for none; levels are per frequency.
    public struct Step: Hashable, Sendable, BitwiseCopyable {
        public var firstHertz: UInt16
        public var secondHertz: UInt16
        /// Level of each frequency in tenths of dBm0 (ITU-T G.711's full-scale sine is +3.14 dBm0).
        public var levelTenths: Int16
        /// 0: for ever.
        public var milliseconds: UInt16

        public init(_ first: UInt16, _ second: UInt16 = 0, levelTenths: Int16 = -130, milliseconds: UInt16) {
            firstHertz = min(first, 3999)
            secondHertz = min(second, 3999)
            self.levelTenths = max(-700, min(levelTenths, 30))
            self.milliseconds = milliseconds
        }

        public static func silence(milliseconds: UInt16) -> Step { Step(0, milliseconds: milliseconds) }
    }

    private var a: Step
    private var b: Step
    private var c: Step
    private var d: Step
    public let stepCount: Int
    public let repeats: Bool

    /// At most four steps; further ones are left out. No steps at all is a tone that ends at once.
    public init(_ steps: [Step], repeats: Bool) {
        let none = Step.silence(milliseconds: 1)
        a = steps.first ?? none
        b = steps.count > 1 ? steps[1] : none
        c = steps.count > 2 ? steps[2] : none
        d = steps.count > 3 ? steps[3] : none
        stepCount = min(steps.count, 4)
        self.repeats = repeats && !steps.isEmpty
    }

    @inline(__always)
    public func step(_ index: Int) -> Step {
        switch index {
        case 0: a
        case 1: b
        case 2: c
        default: d
        }
    }

    /// 1004 Hz at 0 dBm0, without end.
    public static let milliwatt = Tone([Step(1004, levelTenths: 0, milliseconds: 0)], repeats: true)

    /// One second's fifth of 1400 Hz: the beep before a message.
    public static let beep = Tone([Step(1400, levelTenths: -100, milliseconds: 200)], repeats: false)

    /// A key in band (ITU-T Q.23, levels of Q.24): `0`–`9`, `*`, `#`, `A`–`D`.
    public static func key(_ key: DTMFKey, milliseconds: UInt16) -> Tone {
        let rows: [UInt16] = [697, 770, 852, 941]
        let columns: [UInt16] = [1209, 1336, 1477, 1633]
        let (row, column) = key.position
        return Tone([Step(rows[row], columns[column], levelTenths: -70, milliseconds: milliseconds)], repeats: false)
    }
}
