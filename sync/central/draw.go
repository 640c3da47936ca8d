package central

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"strings"

	"github.com/lineside/lineside/phone"
)

// pinDigits is the length of a Phone Authentication PIN.
const pinDigits = 6

// drawn are random values a change may need. They are drawn before the
// transaction, which may run more than once.
type drawn struct {
	mint string
	pin  phone.Secret
	otp  phone.Secret
	sip  [phone.MaxLines]phone.Secret
}

func draw() drawn {
	d := drawn{mint: rand.Text(), pin: drawPIN(), otp: phone.NewSecret(strings.ToLower(rand.Text()[:12]))}
	for i := range d.sip {
		d.sip[i] = phone.NewSecret(rand.Text()) // 26 characters, 130 bits
	}
	return d
}

func drawPIN() phone.Secret {
	n, _ := rand.Int(rand.Reader, big.NewInt(1_000_000)) // never fails (crypto/rand)
	return phone.NewSecret(fmt.Sprintf("%0*d", pinDigits, n))
}

// Made are secrets the platform made, by kind ("pin", "otp", "sip.0", …). They
// are given once, to the operator who asked.
type Made map[string]phone.Secret
