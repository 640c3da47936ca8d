// Package netlab gives tests a small network of their own: a bridge and hosts
// beside it, each in a network namespace, joined by veth pairs. Real clients
// (udhcpc, dhclient, curl) run in one host, our servers in another, in the
// test's own process.
//
//	lab := netlab.New(t)
//	box := lab.Host("box", "10.77.0.1/24")
//	phone := lab.Host("phone", "")
//	err := box.Do(func() error { conn, err = dhcpopt.Listen(ctx, box.Interface(), addr); return err })
//	out := phone.Run(time.Minute, netlab.Tool(t, "udhcpc"), "-i", phone.Interface(), "-n", "-q")
//
// It needs root. Without, a test is skipped with the reason; with REQUIRE=1 in
// the environment it fails instead, and so does a missing tool. Everything
// made is taken away when the test ends. Only tests import it.
package netlab
