// SPDX-License-Identifier: AGPL-3.0-or-later

/// What the checker knows of an application. Modules give theirs.
public struct ApplicationSignature: Hashable, Sendable {
    /// How the text between the parentheses becomes arguments.
    public enum Splitting: Hashable, Sendable {
        /// At commas.
        case commas
        /// The whole text is one argument (`Set`, `NoOp`).
        case none
    }

    /// Which arguments say where the call goes next.
    public enum Jump: Hashable, Sendable {
        case none
        /// `Goto(context,extension,priority)`
        case whole
        /// `GotoIf(condition?target:target)`
        case branches
        /// `Gosub(context,extension,priority(arguments))`
        case subroutine
        /// `GosubIf(condition?target(arguments):target(arguments))`
        case subroutineBranches
        /// `ExecIf(condition?Application(arguments):Application(arguments))`
        case applications
    }

    /// As written in dialplans; compared without case.
    public var name: String
    public var minimumArguments: Int
    /// nil: as many as one likes.
    public var maximumArguments: Int?
    public var splitting: Splitting
    public var jump: Jump
    /// The step behind it is never run by itself (`Hangup`, `Goto`).
    public var neverGoesOn: Bool
    /// Takes `NAME=value` or `FUNCTION(arguments)=value` (`Set`).
    public var assigns: Bool

    public init(
        name: String, minimumArguments: Int = 0, maximumArguments: Int? = nil,
        splitting: Splitting = .commas, jump: Jump = .none, neverGoesOn: Bool = false,
        assigns: Bool = false
    ) {
        self.name = name
        self.minimumArguments = minimumArguments
        self.maximumArguments = maximumArguments
        self.splitting = splitting
        self.jump = jump
        self.neverGoesOn = neverGoesOn
        self.assigns = assigns
    }
}

/// What the checker knows of a function: `${NAME(arguments)}`.
public struct FunctionSignature: Hashable, Sendable {
    /// Compared with case, as in Asterisk.
    public var name: String
    public var minimumArguments: Int
    public var maximumArguments: Int?

    public init(name: String, minimumArguments: Int = 0, maximumArguments: Int? = nil) {
        self.name = name
        self.minimumArguments = minimumArguments
        self.maximumArguments = maximumArguments
    }
}

extension ApplicationSignature {
    /// One with the arguments split at commas and no jumps: what most modules have.
    public init(name: String, arguments: ClosedRange<Int>) {
        self.init(
            name: name, minimumArguments: arguments.lowerBound, maximumArguments: arguments.upperBound)
    }
}
