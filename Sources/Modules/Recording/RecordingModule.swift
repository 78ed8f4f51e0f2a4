// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel

/// Recording of calls by dialplan: `MixMonitor` and `StopMixMonitor`, as Asterisk's admins know them.
public struct RecordingModule: Module {
    public let name = "recording"

    public init() {}

    public var applications: [ModuleApplication] {
        [
            ModuleApplication(
                name: "MixMonitor",
                synopsis: "Records the call to a WAV file within the recordings folder; option D: two channels",
                minimumArguments: 0, maximumArguments: 3, body: Self.mixMonitor),
            ModuleApplication(
                name: "StopMixMonitor", synopsis: "Ends the recording of the call", minimumArguments: 0,
                maximumArguments: 1, body: Self.stopMixMonitor),
        ]
    }

    /// `MixMonitor([file[,options]])`. Without a file the name is made of the day, the call's number,
    /// the caller and the number dialled. The path is left in MIXMONITOR_FILENAME, as the exchange gave it: a name
    /// that is taken becomes another.
    @Sendable private static func mixMonitor(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let options = context.argument(1) ?? ""
        let name = context.argument(0) ?? RecordingName.make(for: context.call, on: context.today)
        let path: String
        do {
            path = try context.call.startRecording(path: name, layout: options.contains("D") ? .stereo : nil)
        } catch let refused as RecordingRefused {
            // It costs the recording, not the call.
            context.call.note("recording.refused", [("path", name), ("reason", refused.reason)])
            return .next
        }
        context.variables.setVariable("MIXMONITOR_FILENAME", path)
        return .next
    }

    @Sendable private static func stopMixMonitor(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        context.call.stopRecording()
        return .next
    }
}
