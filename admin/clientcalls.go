package admin

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

// Query narrows a list of devices; the zero Query is the first hundred of all.
type Query struct {
	Text   string // MAC or part of one, label, model, owner's name or extension, line
	State  string
	Vendor phone.Vendor
	Model  string
	Owner  string   // user ID
	Facts  []string // such as "ticket" or "unowned"; all of them have to hold
	Sort   string   // a column such as "label", with a dash before it from the end
	Offset int
	Limit  int // 0 is the box's own
}

func (q Query) values() url.Values {
	v := url.Values{}
	for name, text := range map[string]string{
		"q": q.Text, "state": q.State, "vendor": string(q.Vendor), "model": q.Model, "owner": q.Owner, "sort": q.Sort,
		"fact": strings.Join(q.Facts, ","),
	} {
		if text != "" {
			v.Set(name, text)
		}
	}
	if q.Offset > 0 {
		v.Set("offset", strconv.Itoa(q.Offset))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Status is the box at a glance.
func (c *Client) Status(ctx context.Context) (Status, error) {
	return ask[Status](ctx, c, request{method: "GET", path: "/status"})
}

// Health is the conditions that hold.
func (c *Client) Health(ctx context.Context) (Health, error) {
	return ask[Health](ctx, c, request{method: "GET", path: "/health"})
}

// Metrics writes the metrics, in Prometheus' text format.
func (c *Client) Metrics(ctx context.Context, w io.Writer) error {
	return c.copy(ctx, request{method: "GET", path: "/metrics", top: true}, w)
}

// Goroutines writes where the box's goroutines are, without values.
func (c *Client) Goroutines(ctx context.Context, w io.Writer) error {
	return c.copy(ctx, request{method: "GET", path: "/goroutines"}, w)
}

// Devices lists one page of devices.
func (c *Client) Devices(ctx context.Context, q Query) (Page, error) {
	return ask[Page](ctx, c, request{method: "GET", path: "/devices", query: q.values()})
}

// AllDevices lists every device that matches, page by page; offset and limit of
// q are not used.
func (c *Client) AllDevices(ctx context.Context, q Query) ([]Device, error) {
	var all []Device
	for {
		q.Offset, q.Limit = len(all), pageMost
		page, err := c.Devices(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Devices...)
		if len(page.Devices) == 0 || len(all) >= page.Total {
			return all, nil
		}
	}
}

func devicePath(mac phone.MAC, rest string) string { return "/devices/" + mac.String() + rest }

// Device gives one device.
func (c *Client) Device(ctx context.Context, mac phone.MAC) (Device, error) {
	return ask[Device](ctx, c, request{method: "GET", path: devicePath(mac, "")})
}

// DeviceRevealed is Device with the values of its overrides. The box writes to its
// audit log that they were shown.
func (c *Client) DeviceRevealed(ctx context.Context, mac phone.MAC) (Device, error) {
	return ask[Device](ctx, c, request{method: "GET", path: devicePath(mac, ""), query: url.Values{"reveal": {"true"}}})
}

// AddDevice sets up a device.
func (c *Client) AddDevice(ctx context.Context, in DeviceInput) (Device, error) {
	return ask[Device](ctx, c, request{method: "POST", path: "/devices", body: in})
}

// EditDevice changes what in gives. rev is the revision it is a change of, 0 for
// whatever there is.
func (c *Client) EditDevice(ctx context.Context, mac phone.MAC, rev uint64, in DeviceInput) (Device, error) {
	q := request{method: "PATCH", path: devicePath(mac, ""), body: in}
	if rev != 0 {
		q.match = strconv.Quote(strconv.FormatUint(rev, 10))
	}
	return ask[Device](ctx, c, q)
}

// RemoveDevice deletes a device with its credentials.
func (c *Client) RemoveDevice(ctx context.Context, mac phone.MAC) error {
	return c.call(ctx, request{method: "DELETE", path: devicePath(mac, "")}, nil)
}

// Import sets up and changes devices from a CSV file, all or none.
func (c *Client) Import(ctx context.Context, file []byte) (Imported, error) {
	return ask[Imported](ctx, c, request{method: "POST", path: "/devices/import", file: fileOf(file)})
}

// Export copies the CSV file of all devices to w, with the PINs the caller may see.
func (c *Client) Export(ctx context.Context, w io.Writer) error { return c.export(ctx, w, nil) }

// ExportWithout is Export without PINs.
func (c *Client) ExportWithout(ctx context.Context, w io.Writer) error {
	return c.export(ctx, w, url.Values{"pins": {"false"}})
}

func (c *Client) export(ctx context.Context, w io.Writer, q url.Values) error {
	resp, err := c.send(ctx, request{method: "GET", path: "/devices/export", query: q})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("export devices: %w", err)
	}
	return nil
}

// ErrNotWhole is returned by Backup for a copy of which something is missing or
// changed.
var ErrNotWhole = errors.New("the backup is not whole")

// Backup takes a backup of the box into w. What was written is worth something
// only where the error is nil: that alone says that all of it came.
func (c *Client) Backup(ctx context.Context, w io.Writer) error {
	resp, err := c.send(ctx, request{method: "GET", path: "/backup"})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if err := copyChecked(w, resp); err != nil {
		return fmt.Errorf("take a backup: %w", err)
	}
	return nil
}

// ShowPIN gives the PIN of a device not yet authenticated.
func (c *Client) ShowPIN(ctx context.Context, mac phone.MAC) (PIN, error) {
	return ask[PIN](ctx, c, request{method: "GET", path: devicePath(mac, "/pin")})
}

// EnterPIN enters a PIN for a device, for the phone at from where that is set.
// A wrong one is a result, not an error.
func (c *Client) EnterPIN(ctx context.Context, mac phone.MAC, pin phone.Secret, from netip.Addr) (PINResult, error) {
	return ask[PINResult](ctx, c, request{method: "POST", path: devicePath(mac, "/pin"), body: PINInput{PIN: pin.Reveal(), From: from}})
}

// Suspend asks no proof of the device for 30 minutes.
func (c *Client) Suspend(ctx context.Context, mac phone.MAC) (Device, error) {
	return ask[Device](ctx, c, request{method: "POST", path: devicePath(mac, "/suspend")})
}

// Reset makes the device's authentication void and gives it a new PIN.
func (c *Client) Reset(ctx context.Context, mac phone.MAC) (Device, error) {
	return ask[Device](ctx, c, request{method: "POST", path: devicePath(mac, "/reset")})
}

// Block has no PIN and no one-time password of the device taken.
func (c *Client) Block(ctx context.Context, mac phone.MAC) (Device, error) {
	return ask[Device](ctx, c, request{method: "POST", path: devicePath(mac, "/block")})
}

// Unblock ends a lock-out or block.
func (c *Client) Unblock(ctx context.Context, mac phone.MAC) (Device, error) {
	return ask[Device](ctx, c, request{method: "POST", path: devicePath(mac, "/unblock")})
}

// AllowOTP arms the brand OTP for the device once more; clear makes its old
// login void at once.
func (c *Client) AllowOTP(ctx context.Context, mac phone.MAC, clear bool) (Device, error) {
	return ask[Device](ctx, c, request{method: "POST", path: devicePath(mac, "/allow-otp"), body: AllowOTPInput{Clear: clear}})
}

// Resync has phones told to fetch their configs again.
func (c *Client) Resync(ctx context.Context, in ResyncInput) (Resynced, error) {
	return ask[Resynced](ctx, c, request{method: "POST", path: "/resync", body: in})
}

// Render gives the files a phone would get now; an empty file means all.
func (c *Client) Render(ctx context.Context, mac phone.MAC, file string, reveal bool) ([]provision.Preview, error) {
	q := url.Values{}
	if file != "" {
		q.Set("file", file)
	}
	if reveal {
		q.Set("reveal", "true")
	}
	out, err := ask[Rendered](ctx, c, request{method: "GET", path: devicePath(mac, "/render"), query: q})
	return out.Files, err
}

// Timeline is what lately happened to one phone, set up or not, and what the box
// makes of it.
func (c *Client) Timeline(ctx context.Context, mac phone.MAC) (Timeline, error) {
	return ask[Timeline](ctx, c, request{method: "GET", path: devicePath(mac, "/timeline")})
}

// OTPs lists the brand OTP of each vendor.
func (c *Client) OTPs(ctx context.Context) ([]OTP, error) {
	out, err := ask[OTPs](ctx, c, request{method: "GET", path: "/otps"})
	return out.OTPs, err
}

// SetOTP sets a vendor's brand OTP, or has its password generated.
func (c *Client) SetOTP(ctx context.Context, v phone.Vendor, in OTPInput) (OTP, error) {
	return ask[OTP](ctx, c, request{method: "PUT", path: "/otps/" + string(v), body: in})
}

// RemoveOTP takes a vendor's brand OTP away.
func (c *Client) RemoveOTP(ctx context.Context, v phone.Vendor) error {
	return c.call(ctx, request{method: "DELETE", path: "/otps/" + string(v)}, nil)
}

// Policy is the site's rules.
func (c *Client) Policy(ctx context.Context) (Policy, error) {
	return ask[Policy](ctx, c, request{method: "GET", path: "/policy"})
}

// SetPolicy changes the site's rules.
func (c *Client) SetPolicy(ctx context.Context, in PolicyInput) (Policy, error) {
	return ask[Policy](ctx, c, request{method: "PATCH", path: "/policy", body: in})
}

// Visitors lists unknown phones that asked.
func (c *Client) Visitors(ctx context.Context) ([]phone.Seen, error) {
	out, err := ask[Visitors](ctx, c, request{method: "GET", path: "/visitors"})
	return out.Visitors, err
}

// Claim sets up a visitor.
func (c *Client) Claim(ctx context.Context, mac phone.MAC, in DeviceInput) (Device, error) {
	return ask[Device](ctx, c, request{method: "POST", path: "/visitors/" + mac.String() + "/claim", body: in})
}

// Allow lists the permanent allow-list.
func (c *Client) Allow(ctx context.Context) ([]Allow, error) {
	out, err := ask[Allowed](ctx, c, request{method: "GET", path: "/allow"})
	return out.Allow, err
}

// AddAllow puts a network on the allow-list, written in any way auth.ParseAllow
// reads.
func (c *Client) AddAllow(ctx context.Context, in AllowInput) (Allow, error) {
	return ask[Allow](ctx, c, request{method: "POST", path: "/allow", body: in})
}

// RemoveAllow takes a network off the allow-list.
func (c *Client) RemoveAllow(ctx context.Context, network netip.Prefix) error {
	return c.call(ctx, request{method: "DELETE", path: "/allow/" + network.String()}, nil)
}

// Leases lists the leases of the box's own pool, or those a relay saw given.
func (c *Client) Leases(ctx context.Context) ([]Lease, error) {
	out, err := c.FindLeases(ctx, LeaseQuery{})
	return out.Leases, err
}

// FindLeases lists those that a query asks for.
func (c *Client) FindLeases(ctx context.Context, q LeaseQuery) (Leases, error) {
	return ask[Leases](ctx, c, request{method: "GET", path: "/dhcp/leases", query: q.values()})
}

func macQuery(mac phone.MAC) url.Values {
	q := url.Values{}
	if !mac.IsZero() {
		q.Set("mac", mac.String())
	}
	return q
}

// Watch gives the running account of one phone or, for the zero MAC, of all:
// what was, then with follow what happens, until ctx ends or the box stops. The
// loop ends with an error only where the stream broke.
func (c *Client) Watch(ctx context.Context, mac phone.MAC, follow bool) iter.Seq2[provision.Step, error] {
	return func(yield func(provision.Step, error) bool) {
		q := macQuery(mac)
		q.Set("follow", strconv.FormatBool(follow))
		resp, err := c.send(ctx, request{method: "GET", path: "/watch", query: q})
		if err != nil {
			yield(provision.Step{}, err)
			return
		}
		defer resp.Body.Close()
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			if len(lines.Bytes()) == 0 { // heartbeat
				continue
			}
			var step provision.Step
			err := json.Unmarshal(lines.Bytes(), &step)
			if !yield(step, err) || err != nil {
				return
			}
		}
		if err := lines.Err(); err != nil && ctx.Err() == nil {
			yield(provision.Step{}, fmt.Errorf("watch: %w", err))
		}
	}
}
