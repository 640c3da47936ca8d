# Every target is one line; what needs more lives in Go or in packaging/.
# `make help` lists them.

FUZZTIME ?= 20s
BENCH ?= .
PKG ?= ./...

.DEFAULT_GOAL := build
.PHONY: build run cluster bench-cluster test sequences count calls bench-calls lan faults appliance soak lint fuzz golden bench bench-dhcp bench-sync prompts packages packages-test image image-test help

build: ## static binaries into bin/, without debugging tables: panics still name functions and lines
	CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o bin/ ./cmd/...

run: build ## the demo: a box, three phones and the central platform on this machine, no root needed
	bin/lineside run --demo --central bin/lineside-central

cluster: ## a platform of three nats-servers and two centrals on this machine, until Ctrl-C; no root needed
	packaging/cluster.sh

bench-cluster: ## kill -9 of a follower, the leader and all three nodes under load, as a table; SOAK=1 for longer
	go test -count=1 -v -run '^TestCluster$$' -timeout 30m ./integration | sed -n '/what was shown/,$$p'

test: ## all that must pass: tools, lint, then every test with the race detector
	packaging/tools.sh
	packaging/lint.sh
	REQUIRE=1 CGO_ENABLED=1 go test -race -shuffle=on -timeout 18m ./...

sequences: ## every vendor's phone from first contact to full config, as a table; as root
	REQUIRE=1 go test -count=1 -v -run '^TestSequences$$' ./integration | sed -n '/what was shown/,/^--- /p'

count: build ## vendors, models, facts no source has confirmed, golden configs
	@bin/lineside vendors | tail -n 2
	@find vendors/testdata -maxdepth 1 -type f ! -name phones.json | wc -l | sed 's/$$/ golden files of configs, each read back by a reader of its format/'

calls: ## PIN and emergency calls by sipp and baresip, PnP, forged sources, as a table; as root
	REQUIRE=1 go test -count=1 -v -run '^TestCalls$$' ./integration | sed -n '/what was shown/,$$p'

bench-calls: ## 1,000 PIN calls at a time, and what the box adds to an emergency call beside sipp's 500 calls a second
	go test -run '^$$' -bench 'PINCalls/1000' -benchtime 1x ./sipd
	go test -run '^$$' -bench 'EmergencySetUp' -benchtime 300x ./sipd

lan: ## what real DHCP clients get in each mode, as ten phones and a laptop, as a table; as root
	REQUIRE=1 go test -count=1 -v -run '^TestLAN$$' ./integration | sed -n '/what was shown/,$$p'

faults: ## memory, disk, network and clock taken from the box, as a table; as root
	REQUIRE=1 go test -count=1 -v -run '^TestFaults$$' ./appliance | sed -n '/what was shown/,/^--- /p'

appliance: ## the box under systemd in a container: sockets, restarts under load, a part that hangs, as a table; as root
	SOAK=1 REQUIRE=1 go test -count=1 -v -run '^(TestUnitsAreHardened|TestUnderSystemd)$$' ./appliance | grep -E 'exposure level|^ +systemd_test.go|^(---|ok|FAIL)'

soak: ## what takes longer: every broken rule, many more random sites, the tests with them
	packaging/tools.sh
	SOAK=1 RAPID_CHECKS=6000 STATES=300000 REQUIRE=1 go test -shuffle=on -timeout 3h ./integration ./provision ./store ./sync/proto

lint: ## gofmt, go vet, staticcheck, shell syntax, systemd units
	packaging/lint.sh

fuzz: ## every fuzz test for FUZZTIME (20s); PKG=./fleet for one package
	packaging/fuzz.sh $(FUZZTIME) $(PKG)

golden: ## rewrite the golden files; read the diff before you commit it
	go test $$(go list -f '{{.TestImports}} {{.XTestImports}} {{.ImportPath}}' ./... | awk '/internal\/golden[] ]/ && !/golden$$/ { print $$NF }') -update

bench: ## benchmarks; BENCH=DORA for some, PKG=./dhcpopt for one package
	go test -run '^$$' -bench '$(BENCH)' -benchmem $(PKG)

bench-dhcp: ## the DHCP server beside Kea, dnsmasq, ISC dhcpd and udhcpd, into BENCHMARKS.md; as root, a quarter of an hour
	packaging/tools.sh
	DHCP_TABLE=$(CURDIR)/BENCHMARKS.md REQUIRE=1 go test -run '^$$' -bench '^BenchmarkDHCPServers$$' -benchtime 1x -timeout 1h ./integration

bench-sync: ## the platform with 10,000 sites, changes at the centre, kill -9, as a table; half an hour
	SYNC_BENCH=1 go test -run '^$$' -bench '^BenchmarkSync$$' -benchtime 1x -timeout 2h ./cmd/lineside-central

prompts: ## speak the prompts of the PIN call anew; the results are committed
	packaging/prompts/make.sh

packages: ## deb, rpm and apk of box and platform, archives for routers, into bin/packages
	packaging/packages.sh

packages-test: ## all packages built twice, read by lintian, rpm and as apk does, and lived through on a fresh Debian; as root
	packaging/tools.sh
	SOAK=1 REQUIRE=1 go test -count=1 -v -run '^TestPackages$$' -timeout 1h ./appliance

image: ## the appliance's disk image, bin/lineside-appliance-amd64.img; as root, some minutes
	packaging/image/build.sh

image-test: ## the image in a machine: first start, a phone, a power cut, an update that fails; as root
	SOAK=1 REQUIRE=1 go test -count=1 -v -timeout 30m -run '^TestImage$$' ./appliance

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
