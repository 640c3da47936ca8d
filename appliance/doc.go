// Package appliance tests the box as the thing in the cupboard: real programs on
// disks that are full, slow or read only, without memory, network or clock, what
// is shipped beside the program: dashboard, alerts, metrics, the support bundle; and
// the appliance's image in a machine of its own.
package appliance
