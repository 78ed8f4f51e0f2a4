// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

extension CoreApplications {
    static let music: [CoreApplication] = [
        CoreApplication("MusicOnHold", 0...2, musicOnHold),
        // Goes on under what follows until a sound, a talk or StopMusicOnHold.
        CoreApplication("StartMusicOnHold", 0...1) { interpreter, text in
            try interpreter.call.startMusic(class: musicClass(Arguments.split(text).first))
            return .next
        },
        CoreApplication("StopMusicOnHold", 0...0) { interpreter, _ in
            interpreter.call.stopTone()
            return .next
        },
    ]

    private static func musicClass(_ text: String?) -> String? {
        text.map { $0.filter { $0 != " " } }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// `MusicOnHold(class, duration)`: as Asterisk does it, the call is answered by nobody for this, and without a
    /// duration it goes on until the caller hangs up.
    @Sendable private static func musicOnHold(_ interpreter: Interpreter, _ text: String) async throws -> Outcome {
        let arguments = Arguments.split(text)
        let duration = arguments.count > 1 ? Duration(seconds: arguments[1]) : nil
        try interpreter.call.startMusic(class: musicClass(arguments.first))
        if let duration {
            try await interpreter.call.sleep(duration)
        } else {
            while true { try await interpreter.call.sleep(.seconds(86_400)) }
        }
        interpreter.call.stopTone()
        return .next
    }
}
