"""The customer channels besides the portal, by kind: explicit, so the binary contains them."""
