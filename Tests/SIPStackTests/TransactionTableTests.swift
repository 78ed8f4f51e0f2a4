// SPDX-License-Identifier: AGPL-3.0-or-later
import SIPMessage
import Testing
import Timing

@testable import SIPStack

/// The state tables of RFC 3261 §17 with RFC 6026, as lists of inputs and what must come out of each.
@Suite struct TransactionTableTests {
    typealias Output = TransactionOutput
    static let t1 = Duration.milliseconds(500)
    static let t2 = Duration.seconds(4)
    static let t4 = Duration.seconds(5)
    static let long = Duration.seconds(32)

    static func transaction(_ machine: Transaction.Machine) -> Transaction {
        Transaction(
            key: TransactionKey(isClient: true, branch: "b", sentBy: "", method: .invite), machine: machine,
            flow: Flow(transport: .udp, address: "192.0.2.1", port: 5060), owner: .none)
    }

    func run(
        _ machine: Transaction.Machine, _ steps: [(TransactionInput, [Output])],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var transaction = Self.transaction(machine)
        for (number, step) in steps.enumerated() {
            let outputs = transaction.run(step.0)
            #expect(outputs == step.1, "step \(number): \(step.0)", sourceLocation: sourceLocation)
        }
    }

    func inviteClient(reliable: Bool = false) -> Transaction.Machine {
        .inviteClient(InviteClientTransaction(isReliable: reliable, timers: StackTimers()))
    }
    func client(reliable: Bool = false) -> Transaction.Machine {
        .nonInviteClient(NonInviteClientTransaction(isReliable: reliable, timers: StackTimers()))
    }
    func inviteServer(reliable: Bool = false) -> Transaction.Machine {
        .inviteServer(InviteServerTransaction(isReliable: reliable, timers: StackTimers()))
    }
    func server(reliable: Bool = false) -> Transaction.Machine {
        .nonInviteServer(NonInviteServerTransaction(isReliable: reliable, timers: StackTimers()))
    }

    static let inviteStart: [Output] = [.sendRequest, .start(.a, after: t1), .start(.b, after: long)]

    @Test func inviteIsRepeatedWithDoublingIntervalsUntilTimerB() {
        run(
            inviteClient(),
            [
                (.start, Self.inviteStart),
                (.fired(.a), [.sendRequest, .start(.a, after: .seconds(1))]),
                (.fired(.a), [.sendRequest, .start(.a, after: .seconds(2))]),
                (.fired(.a), [.sendRequest, .start(.a, after: .seconds(4))]),
                (.fired(.a), [.sendRequest, .start(.a, after: .seconds(8))]),
                (.fired(.b), [.stop(.a), .timedOut, .terminated]),
                (.response(200), []),
            ])
    }

    @Test func provisionalResponseEndsRepetitionOfInvite() {
        run(
            inviteClient(),
            [
                (.start, Self.inviteStart),
                (.response(100), [.stop(.a), .stop(.b), .deliver]),
                (.fired(.a), []), (.fired(.b), []),
                (.response(180), [.deliver]),
                (.response(486), [.sendAck, .start(.d, after: Self.long), .deliver]),
                (.response(486), [.sendAck]),
                (.response(180), []), (.response(200), []), (.transportFailed, []),
                (.fired(.d), [.terminated]),
            ])
    }

    @Test func everyTwoHundredGoesToTheUserUntilTimerM() {
        run(
            inviteClient(),
            [
                (.start, Self.inviteStart),
                (.response(200), [.stop(.a), .stop(.b), .start(.m, after: Self.long), .deliver]),
                (.response(200), [.deliver]), (.response(180), []), (.response(486), []),
                (.fired(.m), [.terminated]),
            ])
    }

    @Test func inviteOverStreamIsNotRepeatedAndEndsWithItsAck() {
        run(
            inviteClient(reliable: true),
            [
                (.start, [.sendRequest, .start(.b, after: Self.long)]),
                (.response(180), [.stop(.b), .deliver]),
                (.response(603), [.sendAck, .deliver, .terminated]),
            ])
        run(
            inviteClient(reliable: true),
            [
                (.start, [.sendRequest, .start(.b, after: Self.long)]),
                (.fired(.b), [.timedOut, .terminated]),
            ])
    }

    @Test func transportFailureIsToldBeforeTheFinalResponseOnly() {
        run(
            inviteClient(),
            [
                (.start, Self.inviteStart),
                (.transportFailed, [.stop(.a), .stop(.b), .transportFailed, .terminated]),
            ])
        run(
            client(),
            [
                (.start, [.sendRequest, .start(.e, after: Self.t1), .start(.f, after: Self.long)]),
                (.transportFailed, [.stop(.e), .stop(.f), .transportFailed, .terminated]),
            ])
    }

    @Test func requestIsRepeatedUpToT2AndStillAfterProvisional() {
        run(
            client(),
            [
                (.start, [.sendRequest, .start(.e, after: Self.t1), .start(.f, after: Self.long)]),
                (.fired(.e), [.sendRequest, .start(.e, after: .seconds(1))]),
                (.fired(.e), [.sendRequest, .start(.e, after: .seconds(2))]),
                (.fired(.e), [.sendRequest, .start(.e, after: .seconds(4))]),
                (.fired(.e), [.sendRequest, .start(.e, after: .seconds(4))]),
                (.response(100), [.deliver]),
                (.fired(.e), [.sendRequest, .start(.e, after: .seconds(4))]),
                (.response(200), [.stop(.e), .stop(.f), .start(.k, after: Self.t4), .deliver]),
                (.response(200), []), (.fired(.e), []),
                (.fired(.k), [.terminated]),
            ])
        run(
            client(),
            [
                (.start, [.sendRequest, .start(.e, after: Self.t1), .start(.f, after: Self.long)]),
                (.fired(.f), [.stop(.e), .timedOut, .terminated]),
            ])
        run(
            client(reliable: true),
            [
                (.start, [.sendRequest, .start(.f, after: Self.long)]),
                (.response(404), [.stop(.f), .deliver, .terminated]),
            ])
    }

    @Test func refusalOfInviteIsRepeatedUntilAck() {
        run(
            inviteServer(),
            [
                (.respond(100), [.sendResponse]), (.repeated, [.sendResponse]),
                (.respond(180), [.sendResponse]), (.repeated, [.sendResponse]),
                (.acknowledged, []),
                (.respond(486), [.sendResponse, .start(.g, after: Self.t1), .start(.h, after: Self.long)]),
                (.fired(.g), [.sendResponse, .start(.g, after: .seconds(1))]),
                (.fired(.g), [.sendResponse, .start(.g, after: .seconds(2))]),
                (.fired(.g), [.sendResponse, .start(.g, after: .seconds(4))]),
                (.fired(.g), [.sendResponse, .start(.g, after: .seconds(4))]),
                (.repeated, [.sendResponse]), (.respond(200), []),
                (.acknowledged, [.stop(.g), .stop(.h), .start(.i, after: Self.t4)]),
                (.acknowledged, []), (.repeated, []),
                (.fired(.i), [.terminated]),
            ])
    }

    @Test func refusalWithoutAckIsGivenUpAtTimerH() {
        run(
            inviteServer(),
            [
                (.respond(404), [.sendResponse, .start(.g, after: Self.t1), .start(.h, after: Self.long)]),
                (.fired(.h), [.stop(.g), .timedOut, .terminated]),
            ])
        run(
            inviteServer(reliable: true),
            [
                (.respond(404), [.sendResponse, .start(.h, after: Self.long)]),
                (.acknowledged, [.stop(.h), .terminated]),
            ])
    }

    @Test func lateInviteBehindTwoHundredIsAbsorbed() {
        run(
            inviteServer(),
            [
                (.respond(200), [.sendResponse, .start(.l, after: Self.long)]),
                (.repeated, []), (.respond(200), [.sendResponse]), (.respond(486), []),
                (.acknowledged, [.deliver]), (.acknowledged, [.deliver]),
                (.fired(.l), [.terminated]),
            ])
    }

    @Test func answerToRequestIsRepeatedOnRepeatedRequest() {
        run(
            server(),
            [
                (.start, [.start(.unanswered, after: Self.long)]),
                (.repeated, []), (.respond(100), [.sendResponse]), (.repeated, [.sendResponse]),
                (.respond(200), [.stop(.unanswered), .sendResponse, .start(.j, after: Self.long)]),
                (.repeated, [.sendResponse]), (.respond(500), []),
                (.fired(.j), [.terminated]),
            ])
        run(
            server(reliable: true),
            [
                (.start, [.start(.unanswered, after: Self.long)]),
                (.respond(200), [.stop(.unanswered), .sendResponse, .terminated]),
            ])
        run(
            server(),
            [
                (.start, [.start(.unanswered, after: Self.long)]),
                (.fired(.unanswered), [.timedOut, .terminated]),
            ])
    }
}
