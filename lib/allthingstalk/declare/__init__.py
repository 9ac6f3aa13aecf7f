"""What the declaration of assets and devices takes. Unloaded when a device is made."""
