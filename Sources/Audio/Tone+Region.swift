// SPDX-License-Identifier: AGPL-3.0-or-later

/// Whose call-progress tones are heard.
public enum ToneRegion: String, Hashable, Sendable, CaseIterable {
    case cn, us, uk
}

/// Call-progress signals of ITU-T E.180 Supplement 2, by region.
public enum ProgressSignal: UInt8, Hashable, Sendable, CaseIterable {
    case dial, ringback, busy, congestion
}

extension Tone {
    public static func progress(_ signal: ProgressSignal, region: ToneRegion) -> Tone {
        switch (region, signal) {
        case (.cn, .dial): Tone([Step(450, milliseconds: 0)], repeats: true)
        case (.cn, .ringback): cadence(450, 0, [1000, 4000])
        case (.cn, .busy): cadence(450, 0, [350, 350])
        case (.cn, .congestion): cadence(450, 0, [700, 700])
        case (.us, .dial): Tone([Step(350, 440, milliseconds: 0)], repeats: true)
        case (.us, .ringback): cadence(440, 480, [2000, 4000])
        case (.us, .busy): cadence(480, 620, [500, 500])
        case (.us, .congestion): cadence(480, 620, [250, 250])
        case (.uk, .dial): Tone([Step(350, 440, milliseconds: 0)], repeats: true)
        case (.uk, .ringback): cadence(400, 450, [400, 200, 400, 2000])
        case (.uk, .busy): cadence(400, 0, [375, 375])
        case (.uk, .congestion): cadence(400, 0, [400, 350, 225, 525])
        }
    }

    /// On and off times in turn, in milliseconds.
    private static func cadence(_ first: UInt16, _ second: UInt16, _ times: [UInt16]) -> Tone {
        let steps = times.enumerated().map { index, time in
            index % 2 == 0 ? Step(first, second, milliseconds: time) : Step.silence(milliseconds: time)
        }
        return Tone(steps, repeats: true)
    }
}
