"""The customer channels besides the portal, by kind: an explicit dict, so the binary contains them."""
