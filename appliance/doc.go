// Package appliance tests the box as the thing in the cupboard: real programs on
// disks that are full, slow or read only, without memory, network or clock, and what
// is shipped beside the program: dashboard, alerts, metrics, the support bundle.
package appliance
