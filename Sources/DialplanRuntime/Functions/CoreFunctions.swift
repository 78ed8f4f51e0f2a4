// SPDX-License-Identifier: AGPL-3.0-or-later
internal import Dialplan

/// A function of the core: `${NAME(arguments)}`, some also `Set(NAME(arguments)=value)`.
struct CoreFunction: Sendable {
    typealias Read = @Sendable (_ interpreter: Interpreter, _ arguments: String) async -> String?
    typealias Write = @Sendable (_ interpreter: Interpreter, _ arguments: String, _ value: String) -> Void

    let signature: FunctionSignature
    let read: Read?
    let write: Write?

    init(_ name: String, _ minimum: Int, _ maximum: Int?, write: Write? = nil, read: Read?) {
        signature = FunctionSignature(name: name, minimumArguments: minimum, maximumArguments: maximum)
        self.read = read
        self.write = write
    }
}

enum CoreFunctions {
    static let all: [CoreFunction] = call + text

    static let byName = Dictionary(
        all.map { ($0.signature.name, $0) }, uniquingKeysWith: { first, _ in first })
}
