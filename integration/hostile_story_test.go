package integration

import (
	"net/netip"
	"strings"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
)

var theOTP = []string{otpUser, otpPassword}

// beforeProof: the phone is set up, on line and has proved nothing; the laptop
// goes by its own MAC.
func (h *hostileLAN) beforeProof() {
	h.t.Helper()
	const own = "laptop, own lease"
	h.laptopAsks(own, "phone's MAC in URL and User-Agent", contradicted)
	h.laptopAsks(own, "the same with the OTP", want{http: refused, audit: auth.MACContradicted}, theOTP...)
	itself := strings.ReplaceAll(laptopMAC, ":", "") + ".cfg"
	agent := h.d.agent
	h.d.agent = "Yealink SIP-T46G 28.83.0.120 " + laptopMAC
	h.asks(h.laptop, own, "its own MAC", itself, h.firstContact())
	h.asks(h.laptop, own, "its own MAC with the OTP", itself, want{http: h.firstContact().http}, theOTP...)
	h.d.agent = agent

	const static = "laptop, own MAC, address of its own"
	h.place(laptopMAC, laptopStatic)
	h.laptopAsks(static, "phone's MAC in URL and User-Agent", contradicted)
	h.laptopAsks(static, "the same with the OTP", want{http: refused, audit: auth.MACContradicted}, theOTP...)
	h.forge(laptopStatic, h.d.mac)
	h.laptopAsks("laptop, ARP says its address is the phone's MAC", "the OTP", want{http: silence}, theOTP...)

	const inItsPlace = "laptop, ARP says the phone's address is here"
	h.place(laptopMAC, "")
	h.laptop.SetAddress(h.leased)
	h.forge(h.leased, laptopMAC)
	h.laptopAsks(inItsPlace, "phone's MAC in URL and User-Agent", contradicted)
	h.laptopAsks(inItsPlace, "the same with the OTP", want{http: refused, audit: auth.MACContradicted}, theOTP...)
	h.plugIn()
	h.phoneAsks("when it is heard again", h.firstContact())
}

// identified: the laptop takes the phone's MAC on its own interface.
func (h *hostileLAN) identified() {
	h.t.Helper()
	const static = "laptop with the phone's MAC, address of its own"
	h.place(h.d.mac, laptopStatic)
	h.laptopAsks(static, "nothing", elsewhere)
	h.laptopAsks(static, "the OTP", want{http: refused, audit: auth.MACElsewhere}, theOTP...)

	const second = "laptop with the phone's MAC, a second lease for it"
	h.askDHCP(h.d.mac, "ff01020304")
	h.laptopAsks(second, "nothing", h.firstContact())
	h.laptopAsks(second, "the OTP", h.otpWorks(), theOTP...)
	h.setUp()

	const same = "laptop with the phone's MAC and address"
	h.place(h.d.mac, h.leased)
	h.laptopAsks(same, "nothing", h.firstContact())
	h.laptopAsks(same, "the OTP", h.otpWorks(), theOTP...)
	h.setUp()
	h.plugIn()
}

// otpWorks is what the OTP earns a caller layer 2 does not contradict.
func (h *hostileLAN) otpWorks() want {
	switch h.policy {
	case auth.FactorOTP:
		return everything
	case auth.FactorNone:
		return want{http: refused}
	}
	return want{http: holding}
}

// whileTrusted: an operator asks no proof of the phone for a while.
func (h *hostileLAN) whileTrusted() {
	h.t.Helper()
	if _, err := h.b.client.Suspend(h.t.Context(), h.mac); err != nil {
		h.t.Fatal(err)
	}
	h.laptopAsks("laptop, own lease; phone suspended", "nothing", contradicted)
	h.place(h.d.mac, laptopStatic)
	h.laptopAsks("laptop with the phone's MAC, address of its own; suspended", "nothing", elsewhere)
	h.askDHCP(h.d.mac, "ff01020304")
	h.laptopAsks("laptop with the phone's MAC, a second lease; suspended", "nothing", h.firstContact())
	h.plugIn()
	h.phoneAsks("nothing; suspended", want{http: full, tftp: refused})
	h.setUp()
}

// limit marks what layer 2 cannot tell: on one bridge, a machine that answers
// with the phone's MAC at the phone's address is the phone.
const limit = " (a limit: port security's)"

// whileTrustedUnseen: the laptop is the phone, as far as the box can see.
func (h *hostileLAN) whileTrustedUnseen() {
	h.t.Helper()
	if _, err := h.b.client.Suspend(h.t.Context(), h.mac); err != nil {
		h.t.Fatal(err)
	}
	h.place(h.d.mac, h.leased)
	h.laptopAsks("laptop with the phone's MAC and address; suspended", "nothing"+limit, everything)
	h.setUp()
	h.plugIn()
}

// byPIN: the PIN is entered while the phone and the laptop both ask.
func (h *hostileLAN) byPIN() {
	h.t.Helper()
	var proof []string
	if h.policy == auth.FactorBoth {
		proof = theOTP
	}
	h.phoneAsks("waits for the PIN", want{http: holding}, proof...)
	h.laptopAsks("laptop, own lease", "waits too", contradicted)
	h.enterPIN(netip.Addr{})
	h.laptopAsks("laptop, own lease; PIN entered", "nothing", contradicted)
	h.place(h.d.mac, laptopStatic)
	h.laptopAsks("laptop with the phone's MAC, address of its own; PIN entered", "nothing", elsewhere)
	h.plugIn()
	h.phoneAsks("nothing; PIN entered", want{http: full, tftp: holding})
	h.setUp()
}

// byPINUnseen: the phone is away and the laptop waits in its place; the operator
// means the phone.
func (h *hostileLAN) byPINUnseen() {
	h.t.Helper()
	const who = "laptop with the phone's MAC, a second lease; phone away"
	h.unplug()
	h.audited()
	h.b.kill() // so that it does not remember the phone waiting
	h.b.start(h.t)
	h.learnRefusal()
	h.askDHCP(h.d.mac, "ff01020304")
	h.laptopAsks(who, "waits for the PIN", want{http: holding, tftp: holding})
	pin, err := h.b.client.ShowPIN(h.t.Context(), h.mac)
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = h.b.client.EnterPIN(h.t.Context(), h.mac, phone.NewSecret(pin.PIN), netip.Addr{})
	if err == nil || !strings.Contains(err.Error(), addressOf(h.laptop)) {
		h.t.Errorf("PIN for a phone nothing proves: got %v, want the operator asked whether it is %s", err, addressOf(h.laptop))
	}
	h.laptopAsks(who, "nothing; the operator was asked which it is", want{http: holding, tftp: holding})
	h.plugIn()
	h.phoneAsks("waits for the PIN", want{http: holding})
	h.enterPIN(netip.Addr{})
	h.phoneAsks("nothing; PIN entered", want{http: full})
	h.setUp()

	h.unplug()
	h.forget()
	h.askDHCP(h.d.mac, "ff01020304")
	h.laptopAsks(who+" and forgotten", "waits for the PIN", want{http: holding, tftp: holding})
	h.enterPIN(netip.Addr{})
	h.laptopAsks(who+" and forgotten", "nothing; PIN entered"+limit, everything)
	h.setUp()
	h.plugIn()
}

// afterProof: the phone has a login of its own and the laptop stole it.
func (h *hostileLAN) afterProof() {
	h.t.Helper()
	login := h.enrol()
	const stolen = "the phone's own login, stolen"
	h.laptopAsks("laptop, own lease", stolen, want{http: refused, audit: auth.MACContradicted}, login...)
	h.place(laptopMAC, laptopStatic)
	h.laptopAsks("laptop, own MAC, address of its own", stolen, want{http: refused, audit: auth.MACContradicted}, login...)
	h.laptop.SetAddress(h.leased)
	h.forge(h.leased, laptopMAC)
	h.laptopAsks("laptop, ARP says the phone's address is here", stolen, want{http: refused, audit: auth.MACContradicted}, login...)

	const static = "laptop with the phone's MAC, address of its own"
	h.place(h.d.mac, laptopStatic)
	h.laptopAsks(static, "nothing", elsewhere)
	h.laptopAsks(static, "the OTP", want{http: refused, audit: auth.MACElsewhere}, theOTP...)
	h.laptopAsks(static, stolen, everything, login...)
	h.plugIn()
	h.phoneAsks("its own login, all the same", everything, login...)

	const away = "laptop with the phone's MAC and lease; phone away"
	h.unplug()
	h.askDHCP(h.d.mac, "")
	h.laptopAsks(away, "nothing", challenged)
	h.laptopAsks(away, "the OTP", h.spent(), theOTP...)
	h.laptopAsks(away, stolen, everything, login...)
	if _, err := h.b.client.Suspend(h.t.Context(), h.mac); err != nil {
		h.t.Fatal(err)
	}
	h.laptopAsks(away+", suspended", "nothing"+limit, everything)
	h.plugIn()
}

// spent is what the OTP earns for a phone that is enrolled. Under otp+pin it is
// half a proof, and no proof for a phone that has a login.
func (h *hostileLAN) spent() want {
	if h.policy == auth.FactorOTP {
		return want{http: refused, audit: auth.OTPSpent}
	}
	return want{http: refused}
}
