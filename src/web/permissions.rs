/// What a page and its frames may ask of the browser: the `Permissions-Policy` header. By default nothing.
///
/// ```
/// use palisade::web::{Permission, PermissionsPolicy, SecurityHeaders};
///
/// let headers = SecurityHeaders::page().permissions(PermissionsPolicy::none().allow_self(Permission::Camera));
/// ```
///
/// # Source
/// Permissions Policy, §§4, 5.2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PermissionsPolicy {
    own: Vec<Permission>,
}

/// Something a page may ask of the browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// `accelerometer`
    Accelerometer,
    /// `autoplay`
    Autoplay,
    /// `camera`
    Camera,
    /// `display-capture`
    DisplayCapture,
    /// `encrypted-media`
    EncryptedMedia,
    /// `fullscreen`
    Fullscreen,
    /// `geolocation`
    Geolocation,
    /// `gyroscope`
    Gyroscope,
    /// `hid`
    Hid,
    /// `idle-detection`
    IdleDetection,
    /// `magnetometer`
    Magnetometer,
    /// `microphone`
    Microphone,
    /// `midi`
    Midi,
    /// `payment`
    Payment,
    /// `picture-in-picture`
    PictureInPicture,
    /// `publickey-credentials-get`: passkeys.
    PasskeyGet,
    /// `screen-wake-lock`
    ScreenWakeLock,
    /// `serial`
    Serial,
    /// `usb`
    Usb,
    /// `web-share`
    WebShare,
    /// `xr-spatial-tracking`
    XrSpatialTracking,
}

impl PermissionsPolicy {
    /// Nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Pages of the same origin may ask for it.
    #[must_use]
    pub fn allow_self(mut self, permission: Permission) -> Self {
        self.own.push(permission);
        self
    }

    pub(super) fn value(&self) -> String {
        let rule = |(permission, name): &(Permission, &str)| {
            let who = if self.own.contains(permission) { "self" } else { "" };
            format!("{name}=({who})")
        };
        PERMISSIONS.iter().map(rule).collect::<Vec<_>>().join(", ")
    }
}

const PERMISSIONS: [(Permission, &str); 21] = [
    (Permission::Accelerometer, "accelerometer"),
    (Permission::Autoplay, "autoplay"),
    (Permission::Camera, "camera"),
    (Permission::DisplayCapture, "display-capture"),
    (Permission::EncryptedMedia, "encrypted-media"),
    (Permission::Fullscreen, "fullscreen"),
    (Permission::Geolocation, "geolocation"),
    (Permission::Gyroscope, "gyroscope"),
    (Permission::Hid, "hid"),
    (Permission::IdleDetection, "idle-detection"),
    (Permission::Magnetometer, "magnetometer"),
    (Permission::Microphone, "microphone"),
    (Permission::Midi, "midi"),
    (Permission::Payment, "payment"),
    (Permission::PictureInPicture, "picture-in-picture"),
    (Permission::PasskeyGet, "publickey-credentials-get"),
    (Permission::ScreenWakeLock, "screen-wake-lock"),
    (Permission::Serial, "serial"),
    (Permission::Usb, "usb"),
    (Permission::WebShare, "web-share"),
    (Permission::XrSpatialTracking, "xr-spatial-tracking"),
];
