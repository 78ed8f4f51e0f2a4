// SPDX-License-Identifier: AGPL-3.0-or-later
internal import SIPMessage

/// Whose transaction it is: who hears of its responses and its end.
enum TransactionOwner: Hashable, Sendable {
    /// The INVITE that begins a session.
    case invite(SessionID)
    /// A later INVITE or UPDATE of a session.
    case offer(SessionID)
    case bye(SessionID)
    /// INFO and other requests in a session.
    case inDialog(SessionID)
    case request(ClientRequestID)
    /// A REFER of ours in a session.
    case refer(SessionID)
    /// A REFER of the peer.
    case referred(ReferID)
    /// What we tell the peer of his REFER.
    case referNotify(ReferID)
    /// The SUBSCRIBE that begins a subscription.
    case subscribe(SubscriptionID)
    case notify(SubscriptionID)
    /// Nobody waits for what becomes of it: CANCEL, the BYE of an unwanted fork, requests answered at once.
    case none
}

/// A message kept for later. A reference, so that a transaction is small to move.
final class HeldMessage: Sendable {
    let message: SIPMessage
    init(_ message: SIPMessage) { self.message = message }
}

/// A machine with the messages it needs: what may have to be sent again, and no more.
struct Transaction: Sendable {
    enum Machine: Hashable, Sendable {
        case inviteClient(InviteClientTransaction)
        case nonInviteClient(NonInviteClientTransaction)
        case inviteServer(InviteServerTransaction)
        case nonInviteServer(NonInviteServerTransaction)
    }

    /// The ACK of one 2xx, by the tag of the phone that sent it.
    struct Acknowledgement: Sendable {
        var tag: String
        var ack: HeldMessage
        var flow: Flow
    }

    let key: TransactionKey
    var machine: Machine
    var flow: Flow
    var owner: TransactionOwner
    /// Client: what is retransmitted. Server: what is to be answered. nil after the final response.
    var request: HeldMessage?
    /// Server: the last response. Client INVITE: the ACK of its non-2xx.
    var reply: HeldMessage?
    /// Client INVITE in Accepted: one for each 2xx that came; bounded by `maxForks`.
    var acknowledgements: [Acknowledgement] = []
    var merge: MergeKey?
    var running = RunningTimers()

    /// Whether the loss of the flow ends it. A datagram peer that cannot be reached asks again if he still wants an
    /// answer.
    var dependsOnFlow: Bool { key.isClient || flow.transport.isReliable }

    /// More phones than this answering one forked INVITE are left to time out.
    static let maxForks = 16

    /// Whether a provisional response has come and no final one: when CANCEL is allowed (§9.1).
    var isProceedingClient: Bool {
        switch machine {
        case .inviteClient(let machine): machine.state == .proceeding
        case .nonInviteClient(let machine): machine.state == .proceeding
        default: false
        }
    }

    /// A server transaction without a final response yet.
    var isOpenServer: Bool {
        switch machine {
        case .inviteServer(let machine): machine.state == .proceeding
        case .nonInviteServer(let machine): machine.state == .trying || machine.state == .proceeding
        default: false
        }
    }

    var hasFinalResponse: Bool {
        switch machine {
        case .inviteClient(let machine): machine.state != .calling && machine.state != .proceeding
        case .nonInviteClient(let machine): machine.state == .completed || machine.state == .terminated
        default: !isOpenServer
        }
    }

    /// Runs one input through whichever machine this is.
    mutating func run(_ input: TransactionInput) -> [TransactionOutput] {
        switch machine {
        case .inviteClient(var machine):
            defer { self.machine = .inviteClient(machine) }
            switch input {
            case .start: return machine.start()
            case .response(let status): return machine.received(status: status)
            case .fired(let timer): return machine.fired(timer)
            case .transportFailed: return machine.transportFailed()
            case .repeated, .respond, .acknowledged: return []
            }
        case .nonInviteClient(var machine):
            defer { self.machine = .nonInviteClient(machine) }
            switch input {
            case .start: return machine.start()
            case .response(let status): return machine.received(status: status)
            case .fired(let timer): return machine.fired(timer)
            case .transportFailed: return machine.transportFailed()
            case .repeated, .respond, .acknowledged: return []
            }
        case .inviteServer(var machine):
            defer { self.machine = .inviteServer(machine) }
            switch input {
            case .start, .response: return []
            case .repeated: return machine.repeated()
            case .respond(let status): return machine.respond(status: status)
            case .acknowledged: return machine.acknowledged()
            case .fired(let timer): return machine.fired(timer)
            case .transportFailed: return machine.transportFailed()
            }
        case .nonInviteServer(var machine):
            defer { self.machine = .nonInviteServer(machine) }
            switch input {
            case .start: return machine.start()
            case .repeated: return machine.repeated()
            case .respond(let status): return machine.respond(status: status)
            case .fired(let timer): return machine.fired(timer)
            case .transportFailed: return machine.transportFailed()
            case .response, .acknowledged: return []
            }
        }
    }
}

enum TransactionInput: Hashable, Sendable {
    case start
    /// Client: a response came.
    case response(Int)
    /// Server: the same request came again.
    case repeated
    /// Server: the user answers.
    case respond(Int)
    /// INVITE server: an ACK came.
    case acknowledged
    case fired(TransactionTimer)
    case transportFailed
}
