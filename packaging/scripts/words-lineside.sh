if page=$(lineside status --page 2>/dev/null); then
	echo "Lineside runs. Go on in a browser; its certificate is the box's own."
	echo "$page"
elif [ -d /run/systemd/system ]; then
	echo "Lineside is installed and does not run yet. Say why: journalctl -u lineside"
	echo "Once it runs, the admin page and the set-up code are shown by: lineside status --page"
else
	echo "Lineside is installed; nothing starts it here. By hand: lineside run"
	echo "Once it runs, the admin page and the set-up code are shown by: lineside status --page"
fi
