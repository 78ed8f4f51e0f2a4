// SPDX-License-Identifier: AGPL-3.0-or-later
internal import CallModel
internal import Dialplan
internal import Timing

/// An application of the core. `body` is given the text between the parentheses with its variables
/// replaced, and takes it apart itself.
struct CoreApplication: Sendable {
    typealias Body = @Sendable (_ interpreter: Interpreter, _ text: String) async throws -> Outcome

    let signature: ApplicationSignature
    let body: Body

    init(
        _ name: String, _ arguments: ClosedRange<Int>, splitting: ApplicationSignature.Splitting = .commas,
        jump: ApplicationSignature.Jump = .none, neverGoesOn: Bool = false,
        assigns: Bool = false, _ body: @escaping Body
    ) {
        signature = ApplicationSignature(
            name: name, minimumArguments: arguments.lowerBound, maximumArguments: arguments.upperBound,
            splitting: splitting, jump: jump, neverGoesOn: neverGoesOn, assigns: assigns)
        self.body = body
    }
}

enum CoreApplications {
    static let all: [CoreApplication] = calling + sounds + music + flow + values

    static let byName = Dictionary(
        all.map { ($0.signature.name.lowercased(), $0) }, uniquingKeysWith: { first, _ in first })
}

extension Duration {
    /// `2`, `0.5`, ` 3 `: seconds as dialplans write them, at most a day. nil when it is no number.
    init?(seconds text: String) {
        guard let value = Double(text.filter { $0 != " " }), value.isFinite, value >= 0 else { return nil }
        self = .milliseconds(Int64((min(value, 86_400) * 1_000).rounded()))
    }
}
