package admin

import (
	"context"

	"github.com/lineside/lineside/phone"
)

// MakeTicket makes a device a ticket; its password is in this answer only.
func (c *Client) MakeTicket(ctx context.Context, mac phone.MAC, in TicketInput) (Ticket, error) {
	return ask[Ticket](ctx, c, request{method: "POST", path: devicePath(mac, "/ticket"), body: in})
}

// Tickets lists the tickets of all devices.
func (c *Client) Tickets(ctx context.Context) ([]Ticket, error) {
	out, err := ask[Tickets](ctx, c, request{method: "GET", path: "/tickets"})
	return out.Tickets, err
}

// ApproveTicket lets the phone in that showed the device's ticket.
func (c *Client) ApproveTicket(ctx context.Context, mac phone.MAC) (Ticket, error) {
	return ask[Ticket](ctx, c, request{method: "POST", path: devicePath(mac, "/ticket/approve")})
}

// RejectTicket ends a ticket that awaits approval.
func (c *Client) RejectTicket(ctx context.Context, mac phone.MAC, reason string) (Ticket, error) {
	return ask[Ticket](ctx, c, request{method: "POST", path: devicePath(mac, "/ticket/reject"), body: RejectInput{Reason: reason}})
}

// RevokeTicket ends a ticket that is still good for something.
func (c *Client) RevokeTicket(ctx context.Context, mac phone.MAC) (Ticket, error) {
	return ask[Ticket](ctx, c, request{method: "DELETE", path: devicePath(mac, "/ticket")})
}

// DemandTicket says whether a device is let in by its ticket alone.
func (c *Client) DemandTicket(ctx context.Context, mac phone.MAC, demanded bool) (Device, error) {
	return ask[Device](ctx, c, request{method: "PUT", path: devicePath(mac, "/ticket/demand"), body: DemandInput{Demanded: demanded}})
}
