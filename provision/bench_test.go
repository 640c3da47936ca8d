package provision_test

import (
	"crypto/md5"
	"crypto/subtle"
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/lineside/lineside/auth"
	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// digestOf proves a password as HTTP Digest with MD5 does, with its two hashes.
func digestOf(user, password string) *provision.Attempt {
	response := func(plain string) string {
		ha1 := md5.Sum([]byte(user + ":realm:" + plain))
		sum := md5.Sum([]byte(hex.EncodeToString(ha1[:]) + ":nonce:00000001:cnonce:auth:0cc175b9c0f1b6a831c399e269772661"))
		return hex.EncodeToString(sum[:])
	}
	shown := response(password)
	return &provision.Attempt{User: user, Proves: func(p phone.Secret) bool {
		return subtle.ConstantTimeCompare([]byte(response(p.Reveal())), []byte(shown)) == 1
	}}
}

// BenchmarkFetch is a whole answer of the desk without a disk or a network:
// identity, five candidate logins by Digest, decision, journal, cached config.
func BenchmarkFetch(b *testing.B) {
	l := newLab(b, auth.FactorOTP)
	l.add(b, mac)
	l.lease("10.20.0.57", mac)
	user, password := loginIn(b, l.get(b, mac, "10.20.0.57", "installer", "fake-brand-otp"))
	l.get(b, mac, "10.20.0.57", user, password)
	for name, attempt := range map[string]*provision.Attempt{
		"own-credential": digestOf(user, password), "wrong-login": digestOf("installer", "guess"), "nothing": nil,
	} {
		b.Run(name, func(b *testing.B) {
			ask := provision.Ask{Front: provision.HTTP, Remote: netip.MustParseAddrPort("10.20.0.57:4000"), File: mac.Hex() + ".txt", Attempt: attempt}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Fetch(b.Context(), ask); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
