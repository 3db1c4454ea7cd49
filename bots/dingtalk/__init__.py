"""DingTalk (钉钉) as a place where colleagues work."""
