// SPDX-License-Identifier: AGPL-3.0-or-later
import CallModel
import Dialplan
import Testing

struct FunctionTests {
    @Test(
        "functions and variables have the values dialplans count on",
        arguments: [
            ("${CALLERID(num)}", "8002"), ("${CALLERID(name)}", "Li Lei"), ("${CALLERID(all)}", "\"Li Lei\" <8002>"),
            ("${CHANNEL}", "SIP/8002-0000002a"), ("${CHANNEL(language)}", "en"), ("${CHANNEL(state)}", "Ring"),
            ("${UNIQUEID}", "2a"), ("${EPOCH}", "1700000000"), ("${LEN(你好)}", "6"), ("${EXISTS(${X})}", "1"),
            ("${EXISTS(${NONE})}", "0"), ("${ISNULL(${NONE})}", "1"), ("${IF($[1 > 0]?yes:no)}", "yes"),
            ("${IF(0?\"a b\":\"c d\")}", "c d"), ("${FILTER(0-9,+86 (138) 00-13)}", "861380013"),
            ("${FILTER(a-c\\-,a-b-d)}", "a-b-"), ("${CUT(LIST,-,2)}", "two"), ("${CUT(LIST,-,2-)}", "two-three"),
            ("${CUT(LIST,-,1&3)}", "one-three"), ("${CUT(LIST,-,9)}", ""), ("${CUT(CHANNEL,/,2)}", "8002-0000002a"),
            ("${FIELDQTY(LIST,-)}", "3"), ("${TOUPPER(abc)}", "ABC"), ("${MATH(8*3,int)}", "24"),
            ("${MATH(1/4)}", "0.250000"), ("${MATH(-1.5+1)}", "-0.500000"), ("${MATH(3>=2)}", "TRUE"),
            ("${GLOBAL(COMPANY)}", "ACME"), ("${COMPANY}", "ACME"), ("${TIMEOUT(response)}", "10.000"),
            ("${DIALPLAN_EXISTS(in,s,1)}", "1"), ("${DIALPLAN_EXISTS(in,nobody)}", "0"), ("${HANGUPCAUSE}", "0"),
            ("${STRFTIME(${EPOCH},,%s)}", "1700000000"), ("${X:-2}${X:0:1}", "231"),
        ])
    func value(text: String, expected: String) async {
        let call = ScriptedCall()
        let diagnostics = await call.run(
            "exten => s,1,Set(X=123)\n same => n,Set(LIST=one-two-three)\n same => n,Verbose(\(text))\n[globals]\nCOMPANY=ACME"
        )
        #expect(diagnostics.isEmpty, "\(diagnostics.map { $0.text() })")
        #expect(call.said == [expected], "\(text)")
    }

    @Test("the caller's identity can be changed before a Dial")
    func setCaller() async {
        let call = ScriptedCall()
        _ = await call.run(
            "exten => s,1,Set(CALLERID(num)=4008)\n same => n,Set(CALLERID(name)=Sales, East)\n same => n,Verbose(1,${CALLERID(all)})\n same => n,Set(CALLERID(all)=\"Han Mei\" <9>)"
        )
        #expect(call.said == ["\"Sales, East\" <4008>"])
        #expect(call.caller == CallerIdentity(number: "9", name: "Han Mei"))
    }

    @Test("a call sets 1,024 variables at most")
    func bounded() async {
        let call = ScriptedCall()
        _ = await call.run(
            """
            exten => s,1,Set(N=$[${N} + 1])
             same => n,Set(V${N}=x)
             same => n,ExecIf($[${N} % 100 = 0]?Wait(1))
             same => n,GotoIf($[${N} < 1100]?1)
             same => n,Verbose([${V1023}${V1024}])
            """)
        #expect(call.said == ["[x]"])
        #expect(call.notes["dialplan.tooManyVariables"]?.isEmpty == false)
    }
}
