// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel
internal import Timing

/// Calls that show whether a phone works: echo, level tone, keys read back.
public struct TestCallsModule: Module {
    public let name = "testcalls"

    public init() {}

    public var applications: [ModuleApplication] {
        [
            ModuleApplication(
                name: "Echo", synopsis: "The caller hears himself until he hangs up or presses #",
                maximumArguments: 0, body: Self.echo),
            ModuleApplication(
                name: "EchoTest", synopsis: "Announces an echo test, echoes, and says when it is over",
                maximumArguments: 0, body: Self.echoTest),
            ModuleApplication(
                name: "Milliwatt", synopsis: "A tone of 1004 Hz at 0 dBm0 until hang-up", maximumArguments: 1,
                body: Self.milliwatt),
            ModuleApplication(
                name: "ReadBack", synopsis: "Says each key that is pressed; ends after 30 s without one",
                maximumArguments: 0, body: Self.readBack),
        ]
    }

    public var featureCodes: [FeatureCode] {
        [
            FeatureCode(
                name: "echo", defaultCode: "*43", synopsis: "Echo test: you hear yourself", application: "EchoTest"),
            FeatureCode(
                name: "tone", defaultCode: "*431", synopsis: "Level tone of 1004 Hz at 0 dBm0",
                application: "Milliwatt"),
            FeatureCode(
                name: "readback", defaultCode: "*432", synopsis: "Keys you press are read back",
                application: "ReadBack"),
        ]
    }

    @Sendable private static func echo(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        try await call.answer()
        try call.setEcho(true)
        while let key = try await call.nextDigit(within: .seconds(24 * 3600)), key != "#" {}
        try call.setEcho(false)
        return .next
    }

    @Sendable private static func echoTest(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        try await call.answer()
        // Without the prompts the test is as good, so a missing sound is no reason to end.
        _ = try await call.play("demo-echotest", interruptedBy: Set("0123456789*#"))
        let outcome = try await echo(context)
        _ = try await call.play("demo-echodone", interruptedBy: [])
        return outcome
    }

    @Sendable private static func milliwatt(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        try await call.answer()
        try call.startTone(.milliwatt)
        while try await call.nextDigit(within: .seconds(24 * 3600)) != nil {}
        call.stopTone()
        return .next
    }

    @Sendable private static func readBack(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        try await call.answer()
        _ = try await call.play("beep", interruptedBy: [])
        while let key = try await call.nextDigit(within: .seconds(30)) {
            let sound =
                switch key {
                case "*": "digits/star"
                case "#": "digits/pound"
                case "0"..."9": "digits/\(key)"
                default: "letters/\(key.lowercased())"
                }
            call.note("testcalls.key", [("key", String(key))])
            _ = try await call.play(sound, interruptedBy: [])
        }
        return .next
    }
}
