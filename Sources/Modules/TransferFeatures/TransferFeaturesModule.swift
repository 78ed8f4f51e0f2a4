// SPDX-License-Identifier: AGPL-3.0-or-later
public import CallModel

/// Transfer for telephones without a key for it, by keys in the middle of a talk, and for dialplans.
public struct TransferFeaturesModule: Module {
    public let name = "transfer"

    public init() {}

    public var applications: [ModuleApplication] {
        [
            ModuleApplication(
                name: "BlindTransfer",
                synopsis: "Sends the other side of the talk to a number, which is asked for when none is given",
                maximumArguments: 2, body: Self.blind),
            ModuleApplication(
                name: "AttnTransfer",
                synopsis: "Calls a number while the other side of the talk hears music; hanging up joins the two",
                maximumArguments: 2, body: Self.attended),
            ModuleApplication(
                name: "Transfer", synopsis: "Sends the caller to a destination; sets TRANSFERSTATUS",
                minimumArguments: 1,
                maximumArguments: 1, body: Self.transfer),
        ]
    }

    public var talkFeatures: [TalkFeature] {
        [
            TalkFeature(
                name: "blind_transfer", defaultCode: "##", synopsis: "transfers the other side",
                application: "BlindTransfer"),
            TalkFeature(
                name: "attended_transfer", defaultCode: "*2", synopsis: "consults, then transfers",
                application: "AttnTransfer"),
        ]
    }

    /// `BlindTransfer([exten[,context]])`. It fails before anything has happened (no such number), and the talk goes on; or
    /// later, and the talk comes back by itself.
    @Sendable private static func blind(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        guard let target = try await target(context) else { return .next }
        do {
            try call.perform(.transfer(by: call.id, to: target))
            // The transfer has the talk from here on; this party is let go, or talks again.
            try await call.sleep(.seconds(1))
        } catch is CommandRefusal {
            _ = try await call.play("beeperr", interruptedBy: [])
        }
        return .next
    }

    /// `AttnTransfer([exten[,context]])`.
    @Sendable private static func attended(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        guard let target = try await target(context) else { return .next }
        do {
            if case .failed = try await call.consult(target) {
                // Why, the dialplan behind the number has said; this is "you are back".
                _ = try await call.play("beeperr", interruptedBy: Set("0123456789*#"))
            }
        } catch is CommandRefusal {
            _ = try await call.play("pbx-invalid", interruptedBy: Set("0123456789*#"))
        }
        return .next
    }

    /// Where to, from the arguments or by keys; nil when there is no such number, which has been told then.
    private static func target(_ context: ApplicationContext) async throws -> Destination? {
        let call = context.call
        if let exten = context.argument(0) {
            let text = context.argument(1).map { "Context/\($0)/\(exten)" } ?? exten
            return try? Destination(parsing: text)
        }
        let number = try await NumberPrompt().ask(call, prompt: "pbx-transfer")
        guard !number.isEmpty else { return nil }
        guard call.lookUp(number) == .complete || call.lookUp(number) == .ambiguous else {
            call.note("transfer.invalid", [("number", number)])
            _ = try await call.play("pbx-invalid", interruptedBy: Set("0123456789*#"))
            return nil
        }
        return .number(number)
    }

    /// `Transfer(destination)`: the caller goes there and does not come back; TRANSFERSTATUS is SUCCESS, or FAILURE and the
    /// dialplan goes on. No REFER is sent to his phone or carrier: he is taken there by this switch.
    @Sendable private static func transfer(_ context: ApplicationContext) async throws -> ApplicationOutcome {
        let call = context.call
        context.variables.setVariable("TRANSFERSTATUS", "FAILURE")
        guard let text = context.argument(0), let destination = try? Destination(parsing: text) else { return .next }
        if case .number(let number) = destination, ![.complete, .ambiguous].contains(call.lookUp(number)) {
            return .next
        }
        do {
            context.variables.setVariable("TRANSFERSTATUS", "SUCCESS")
            if call.partner == nil {
                try call.perform(.take(call.id, to: destination))
            } else {
                try call.perform(.transfer(by: call.id, to: destination))
            }
            try await call.sleep(.seconds(1))
        } catch is CommandRefusal {
            context.variables.setVariable("TRANSFERSTATUS", "FAILURE")
        }
        return .next
    }
}
