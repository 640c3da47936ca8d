if [ -z "$before" ]; then
	echo "lineside-central is installed and not started: it wants to know the name boxes reach it by."
	echo "Write /etc/lineside/central.toml; every key is in /usr/share/doc/lineside-central/examples/central.toml"
	echo "Then: systemctl enable --now lineside-central"
fi
