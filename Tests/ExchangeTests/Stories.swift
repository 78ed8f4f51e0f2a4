// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Dialplan
import DialplanRuntime
import Exchange
import Recording
import SwitchTesting
import Testing
import Timing

/// What stories are told with: a dialplan as a site would write it, and what phones and the ledger have seen.
extension Fixture {
    static let second = AudioClip(samples: [Int16](repeating: 1, count: 8000))

    /// `welcome` lasts a second, `long` a minute.
    static let sounds = ["en/welcome": second, "en/long": AudioClip(samples: [Int16](repeating: 1, count: 480_000))]

    /// Runs calls through `[seats]` of the text, with recording.
    static func dialplan(_ text: String) -> ScriptRunner {
        let dialplan = DialplanDocument.parse("[seats]\n" + text).dialplan
        let program = DialplanProgram(
            dialplan: dialplan, modules: [RecordingModule()], globals: GlobalVariables(dialplan))
        return { call, entry in
            await program.run(call, context: entry.context, extension: entry.exten)
        }
    }

    /// A world whose calls run through one extension of these steps; `others` are whole lines.
    static func world(
        seed: UInt64 = 1, steps: [String], others: String = "",
        conditions: SimulatedNetwork.Conditions = SimulatedNetwork.Conditions()
    ) throws -> SimulatedSwitch {
        let lines = steps.enumerated().map { $0 == 0 ? "exten => _X.,1,\($1)" : " same => n,\($1)" }
        return try world(
            seed: seed, conditions: conditions, sounds: sounds,
            runner: dialplan(lines.joined(separator: "\n") + "\n" + others))
    }
}

extension SimulatedPhone {
    /// The provisional responses it was sent, in order.
    var told: [Int] {
        log.compactMap { if case .ringing(let status) = $0 { status } else { nil } }
    }
}

extension SimulatedSwitch {
    /// What plays for the phone: nothing when it has no media yet.
    func heard(by phone: SimulatedPhone) -> [String] {
        phone.switchPort.map { media.playing(atPort: $0) } ?? []
    }

    /// Whether `listener` hears what is said at `speaker`.
    func hears(_ listener: SimulatedPhone, _ speaker: SimulatedPhone) -> Bool {
        guard let to = listener.switchPort, let from = speaker.switchPort else { return false }
        return media.hears(listener: to, speaker: from)
    }

    /// The texts of `Verbose(…)`, in order.
    var said: [String] { notes("verbose").compactMap { $0["text"] } }

    /// The fields of the notes of that name.
    func notes(_ wanted: String) -> [[String: String]] {
        ledger.events.compactMap { event in
            guard let note = event.read(Note.self), note.name == wanted else { return nil }
            let fields = note.fields
            return Dictionary(fields.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        }
    }

    var recordingsStarted: [String] {
        ledger.facts(RecordingStarted.self).map(\.path)
    }

    /// Path, length in milliseconds and error of the recordings that are over.
    var recordingsStopped: [(path: String, milliseconds: Int64, error: String?)] {
        ledger.facts(RecordingStopped.self).map { ($0.path, $0.milliseconds, $0.error) }
    }

    /// The names of all events about calls, in order.
    var names: [String] { ledger.events.filter { $0.call != nil }.map(\.name) }
}
