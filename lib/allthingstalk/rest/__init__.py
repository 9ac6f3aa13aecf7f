"""The platform's REST API. In memory while a call runs."""
