package admin

import (
	"context"
	"io"

	"github.com/lineside/lineside/phone"
	"github.com/lineside/lineside/provision"
)

func filePath(v phone.Vendor, name string) string { return "/files/" + string(v) + "/" + name }

// Files lists the files kept for phones and the firmware rules.
func (c *Client) Files(ctx context.Context) (Files, error) {
	return ask[Files](ctx, c, request{method: "GET", path: "/files"})
}

// CheckFile says what AddFile would refuse a file for, before it is sent.
func (c *Client) CheckFile(ctx context.Context, in FileCheckInput) (FileChecked, error) {
	return ask[FileChecked](ctx, c, request{method: "POST", path: "/files/check", body: in})
}

// AddFile keeps what src gives as a file for phones.
func (c *Client) AddFile(ctx context.Context, v phone.Vendor, name string, src io.Reader) (provision.LocalFile, error) {
	return ask[provision.LocalFile](ctx, c, request{method: "PUT", path: filePath(v, name), stream: src})
}

// RemoveFile takes a file away from phones.
func (c *Client) RemoveFile(ctx context.Context, v phone.Vendor, name string) error {
	return c.call(ctx, request{method: "DELETE", path: filePath(v, name)}, nil)
}

// SetFirmware has phones of a model told to install a file; an empty name takes
// the rule back. The version may be empty where the maker's phones want none.
func (c *Client) SetFirmware(ctx context.Context, v phone.Vendor, model, file, version string) (provision.FirmwareRule, error) {
	return ask[provision.FirmwareRule](ctx, c, request{method: "PUT", path: "/firmware/" + string(v) + "/" + model, body: FirmwareInput{File: file, Version: version}})
}

// Uploads lists what a device's phone has put on the box.
func (c *Client) Uploads(ctx context.Context, mac phone.MAC) ([]provision.Upload, error) {
	out, err := ask[Uploads](ctx, c, request{method: "GET", path: devicePath(mac, "/uploads")})
	return out.Uploads, err
}

// Upload writes one file a device's phone has put on the box; the audit log
// notes it.
func (c *Client) Upload(ctx context.Context, mac phone.MAC, name string, w io.Writer) error {
	return c.copy(ctx, request{method: "GET", path: devicePath(mac, "/uploads/"+name)}, w)
}

// CheckTemplates says what is wrong with the templates, and changes nothing.
func (c *Client) CheckTemplates(ctx context.Context) (provision.Templates, error) {
	return ask[provision.Templates](ctx, c, request{method: "GET", path: "/templates"})
}

// LoadTemplates puts the templates in force.
func (c *Client) LoadTemplates(ctx context.Context) (provision.Templates, error) {
	return ask[provision.Templates](ctx, c, request{method: "POST", path: "/templates/reload"})
}

// Sheet writes the rows a maker's redirect service imports.
func (c *Client) Sheet(ctx context.Context, name string, w io.Writer) error {
	return c.copy(ctx, request{method: "GET", path: "/sheets/" + name}, w)
}
