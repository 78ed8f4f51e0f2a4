// SPDX-License-Identifier: AGPL-3.0-or-later

extension HangupCause {
    /// A Q.850 number or a name such as `USER_BUSY`, as dialplans write causes; nil when it is neither.
    public init?(text: some StringProtocol) {
        if let number = Int(text) {
            self.init(q850: number)
            return
        }
        switch text.uppercased() {
        case "NORMAL", "NORMAL_CLEARING": self = .normalClearing
        case "BUSY", "USER_BUSY": self = .userBusy
        case "NOANSWER", "NO_ANSWER": self = .noAnswer
        case "CONGESTION", "SWITCH_CONGESTION", "NORMAL_CIRCUIT_CONGESTION": self = .switchCongestion
        case "UNALLOCATED", "UNALLOCATED_NUMBER": self = .unallocatedNumber
        case "CALL_REJECTED", "REJECTED": self = .callRejected
        default: return nil
        }
    }
}
