"""What HiPay and customers may reach: notifications, return pages, health. Its own process and port; no dashboard here."""
